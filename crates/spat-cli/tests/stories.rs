//! The program as a user meets it: a folder, a command, what it says and what it leaves.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use spat_spec::{Event, PROTOCOL, Report};
use tempfile::TempDir;

/// A small model on a small table: a run takes about a second.
const TOY: &[&str] = &[
    "--lookback",
    "24",
    "--horizon",
    "12",
    "--width",
    "8",
    "--ff",
    "8",
    "--heads",
    "2",
    "--layers",
    "2",
    "--epochs",
    "2",
    "--finetune-epochs",
    "1",
    "--device",
    "cpu",
];

struct Story {
    folder: TempDir,
}

impl Story {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let story = Self { folder };
        story.write("toy.csv", toy_table(600).as_bytes());
        story
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spat"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    fn spat(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// `spat run toy.csv` at toy size with more arguments; it must succeed.
    fn run(&self, more: &[&str]) -> Output {
        let output = self.spat(&[&["run", "toy.csv"], TOY, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    }

    fn report(&self, run: &str) -> Report {
        let bytes = fs::read(self.path().join(run).join("report.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The command fails with `code`, says every one of `words`, and leaves no run behind.
    fn refuses(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let output = self.spat(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        for word in words {
            assert!(
                said.contains(word),
                "{arguments:?} should say {word:?}: {said}"
            );
        }
        assert!(
            !self.path().join("runs").exists(),
            "{arguments:?} left a run"
        );
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Hours with a daily season in two channels and a fixed pattern for noise.
fn toy_table(rows: usize) -> String {
    let mut table = String::from("date,load,wind\n");
    for row in 0..rows {
        let (day, hour) = (row / 24, row % 24);
        let phase = hour as f64 / 24.0 * std::f64::consts::TAU;
        let noise = ((row * 7919) % 101) as f64 / 101.0;
        table += &format!(
            "2024-{:02}-{:02} {hour:02}:00:00,{:.3},{:.3}\n",
            1 + day / 28,
            1 + day % 28,
            50.0 + 10.0 * phase.sin() + noise,
            8.0 + 3.0 * phase.cos() - noise
        );
    }
    table
}

fn comparable(mut report: Report) -> String {
    report.command = String::new();
    serde_json::to_string_pretty(&report.without_timings()).unwrap()
}

#[test]
fn a_run_leaves_a_report_with_every_promised_key() {
    let story = Story::new();
    let output = story.run(&["--run", "r"]);
    assert!(
        text(&output.stdout).contains("report.html"),
        "{}",
        text(&output.stdout)
    );
    assert!(
        text(&output.stderr).contains("computing on CPU"),
        "{}",
        text(&output.stderr)
    );
    for name in [
        "report.html",
        "dense.safetensors",
        "pruned.safetensors",
        "scores.json",
        "forecasts.csv",
        "experiment.json",
    ] {
        assert!(story.path().join("r").join(name).is_file(), "{name}");
    }
    let bytes = fs::read(story.path().join("r/report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    for path in [
        "/data/rows",
        "/data/channels",
        "/data/frequency",
        "/data/windows/train",
        "/data/windows/val",
        "/data/windows/test",
        "/data/repairs",
        "/device/kind",
        "/device/name",
        "/dense/test/mse",
        "/dense/test/mae",
        "/dense/val/mse",
        "/dense/params",
        "/dense/macs",
        "/dense/epochs",
        "/dense/step_ms_median",
        "/dense/infer_ms_median",
        "/pruned/test/mse",
        "/pruned/val/mse",
        "/pruned/params",
        "/pruned/before_finetune/test/mse",
        "/pruned/before_finetune/test/mae",
        "/scores/0/module",
        "/scores/0/value",
        "/scores/0/heads",
        "/scores/0/spread",
        "/plan/scorer",
        "/plan/ratio",
        "/plan/removed",
        "/plan/kept",
        "/controls/dense_finetuned/test/mse",
        "/controls/dense_finetuned/test/mae",
        "/change/mse_percent",
        "/change/mae_percent",
        "/change/params_percent",
        "/change/macs_percent",
        "/change/step_time_percent",
        "/change/infer_time_percent",
        "/command",
        "/seed",
        "/version",
    ] {
        assert!(json.pointer(path).is_some(), "report.json has no {path}");
    }
    assert!(
        json["command"].as_str().unwrap().contains("--seed"),
        "{}",
        json["command"]
    );
}

#[test]
fn the_same_seed_gives_the_same_report_and_another_does_not() {
    let story = Story::new();
    story.run(&["--run", "a", "--seed", "1"]);
    story.run(&["--run", "b", "--seed", "1", "--threads", "1"]);
    story.run(&["--run", "c", "--seed", "2"]);
    let [a, b, c] = ["a", "b", "c"].map(|run| {
        let mut report = story.report(run);
        report.device.threads = 0;
        comparable(report)
    });
    assert_eq!(a, b);
    assert_ne!(a, c);
}

#[test]
fn events_are_json_lines_and_nothing_else() {
    let story = Story::new();
    let output = story.run(&["--run", "r", "--json"]);
    let events: Vec<Event> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(matches!(
        events.first(),
        Some(Event::Started {
            protocol: PROTOCOL,
            ..
        })
    ));
    assert!(matches!(events.last(), Some(Event::Done { .. })));
}

#[test]
fn a_killed_run_goes_on_to_the_same_report() {
    let story = Story::new();
    let long = ["--epochs", "40", "--patience", "40"];
    let arguments = |run: &'static str| [&["run", "toy.csv"], TOY, &long, &["--run", run]].concat();
    // A repeated flag would be refused, so the toy's own epochs go.
    let arguments = |run: &'static str| {
        let mut all = arguments(run);
        if let Some(place) = all.iter().position(|word| *word == "--epochs") {
            all.drain(place..place + 2);
        }
        all
    };
    assert!(story.spat(&arguments("whole")).status.success());

    for signal in ["-KILL", "-INT"] {
        let run = if signal == "-KILL" {
            "killed"
        } else {
            "stopped"
        };
        let mut child = story
            .command(&arguments(run))
            .arg("--quiet")
            .spawn()
            .unwrap();
        let state = story.path().join(run).join("checkpoint/state.safetensors");
        let patience = Instant::now();
        while !state.exists() && patience.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = child.wait().unwrap();
        assert!(!status.success(), "the run was over before the signal came");
        assert!(!story.path().join(run).join("report.json").exists());

        let resumed = story.spat(&["run", "--resume", "--run", run]);
        assert!(
            resumed.status.success(),
            "{signal}: {}",
            text(&resumed.stderr)
        );
        assert_eq!(
            comparable(story.report(run)),
            comparable(story.report("whole")),
            "{signal}"
        );
    }
}

#[test]
fn a_run_folder_is_never_overwritten() {
    let story = Story::new();
    story.run(&["--run", "r"]);
    let before = fs::read(story.path().join("r/report.json")).unwrap();
    let output = story.spat(&[&["run", "toy.csv"], TOY, &["--run", "r"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("--resume"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(
        fs::read(story.path().join("r/report.json")).unwrap(),
        before
    );
}

#[test]
fn saved_models_forecast_and_are_evaluated_elsewhere() {
    let story = Story::new();
    story.run(&["--run", "r"]);
    for model in ["r/dense.safetensors", "r/pruned.safetensors"] {
        let output = story.spat(&["forecast", model, "toy.csv", "-o", "future.csv"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let csv = fs::read_to_string(story.path().join("future.csv")).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 12 * 2);
        assert!(
            lines[0].starts_with("row,stamp,channel,forecast,lower_80,upper_80"),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].starts_with("600,2024-01-26 00:00:00,load,"),
            "{}",
            lines[1]
        );
        fs::remove_file(story.path().join("future.csv")).unwrap();
    }
    let output = story.spat(&["evaluate", "r/pruned.safetensors", "toy.csv", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mse = story.report("r").pruned.test.mse;
    assert!(
        text(&output.stdout).contains(&mse.to_string()),
        "{mse}: {}",
        text(&output.stdout)
    );

    story.write(
        "other.csv",
        toy_table(600).replace("wind", "sun").as_bytes(),
    );
    let output = story.spat(&["forecast", "r/dense.safetensors", "other.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("\"wind\""),
        "{}",
        text(&output.stderr)
    );

    let whole = fs::read(story.path().join("r/dense.safetensors")).unwrap();
    story.write("cut.safetensors", &whole[..whole.len() / 2]);
    let output = story.spat(&["forecast", "cut.safetensors", "toy.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("cut short"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn bad_input_is_refused_with_a_place_and_a_way_out() {
    let story = Story::new();
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("empty.csv", b"", &["empty.csv", "header line"]),
        ("header.csv", b"date,a,b\n", &["no rows"]),
        ("text.csv", b"a,b\nx,y\nz,w\n", &["numbers", "--delimiter"]),
        (
            "ragged.csv",
            b"a,b\n1,2\n3\n",
            &["line 3", "complete the row"],
        ),
        (
            "huge.csv",
            b"a,b\n1,2\n3,1e400\n",
            &["line 3", "column 2", "1e400"],
        ),
        ("latin.csv", b"a,b\n1,2\n3,\xff\n", &["line 3", "UTF-8"]),
        ("short.csv", b"a,b\n1,2\n3,4\n5,6\n", &["rows"]),
        ("missing.csv", b"a,b\nNA,NA\nNA,NA\n", &["missing.csv"]),
    ];
    for (name, bytes, words) in cases {
        story.write(name, bytes);
        story.refuses(&["run", name, "--device", "cpu"], 2, words);
    }
    story.refuses(&["run", "absent.csv"], 2, &["absent.csv"]);
    story.refuses(&["run", "toy.csv", "--horizon", "0"], 2, &["horizon"]);
    story.refuses(
        &["run", "toy.csv", "--channels", "sun"],
        2,
        &["\"sun\"", "load, wind"],
    );
    story.refuses(&["run", "toy.csv", "--horizon", "500"], 2, &["rows"]);
    story.refuses(
        &["run", "toy.csv", "--no-such-flag"],
        2,
        &["--no-such-flag"],
    );
}

#[test]
fn a_line_of_ten_million_columns_is_refused_at_once() {
    let story = Story::new();
    story.write("wide.csv", "1,".repeat(10_000_000).as_bytes());
    let started = Instant::now();
    story.refuses(&["run", "wide.csv"], 2, &["line 1"]);
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// `ulimit -f` stands for a full disk: the write fails, what was there stays whole.
#[cfg(unix)]
#[test]
fn a_failing_write_loses_nothing() {
    let story = Story::new();
    let spat = env!("CARGO_BIN_EXE_spat");
    let arguments = [&["run", "toy.csv"], TOY, &["--run", "r"]]
        .concat()
        .join(" ");
    // Blocks of 512 or 1024 bytes: enough for the small files, not for the weights.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {spat} {arguments}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(story.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("r/"),
        "{}",
        text(&output.stderr)
    );
    let left = fs::read_dir(story.path().join("r/checkpoint")).unwrap();
    assert!(
        left.flatten()
            .all(|entry| !entry.path().to_string_lossy().ends_with(".part"))
    );

    let resumed = story.spat(&["run", "--resume", "--run", "r"]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
}

#[test]
fn inspect_says_what_was_detected() {
    let story = Story::new();
    let german = toy_table(600).replace(',', ";").replace('.', ",");
    story.write("german.csv", german.as_bytes());
    let output = story.spat(&["inspect", "german.csv"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for word in ["load", "wind", "1 h", "600"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn downloads_are_checked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwrong")
            .unwrap();
    });
    let story = Story::new();
    let output = story.spat(&["data", "get", "ETTh1", "--origin", &origin]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("SHA-256"),
        "{}",
        text(&output.stderr)
    );
    assert!(!story.path().join("ETTh1.csv").exists());
    server.join().unwrap();
}

#[test]
fn the_device_asked_for_is_named() {
    let story = Story::new();
    let output = story.spat(&["info"]);
    assert!(output.status.success());
    assert!(
        text(&output.stdout).contains("--device auto"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let story = Story::new();
    // Wide enough that products, sums and attention are shared between threads.
    let wide = [
        "run",
        "toy.csv",
        "--lookback",
        "24",
        "--horizon",
        "12",
        "--width",
        "256",
        "--heads",
        "8",
        "--layers",
        "2",
        "--batch",
        "128",
        "--epochs",
        "1",
        "--finetune-epochs",
        "1",
        "--device",
        "cpu",
    ];
    let run = |threads: &str| {
        let more = ["--threads", threads, "--run", threads];
        let output = story.spat(&[&wide[..], &more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let mut report = story.report(threads);
        report.device.threads = 0;
        comparable(report)
    };
    let alone = run("1");
    for threads in ["2", "3"] {
        assert_eq!(run(threads), alone, "{threads} threads");
    }
}
