//! What happens at the edges: runs that are killed again and again, files that changed in between,
//! weights from elsewhere, readers that go away.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use spat_spec::{Event, Report};
use tempfile::TempDir;

/// Small windows and few epochs: a run takes about a second.
const WINDOWS: &[&str] = &["--lookback", "24", "--horizon", "12", "--device", "cpu"];
const SHORT: &[&str] = &["--epochs", "2", "--finetune-epochs", "1"];
const SMALL: &[&str] = &["--width", "8", "--heads", "2"];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("toy.csv", table(600).as_bytes());
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
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

    /// Both streams of a command that must succeed.
    fn succeeds(&self, arguments: &[&str]) -> (String, String) {
        let output = self.spat(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {err}");
        (out, err)
    }

    fn run(&self, more: &[&str]) -> (String, String) {
        self.succeeds(&[&["run", "toy.csv"], WINDOWS, SHORT, SMALL, more].concat())
    }

    /// Exit code 2 and every one of `words`.
    fn refuses(&self, arguments: &[&str], words: &[&str]) {
        let output = self.spat(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for word in words {
            assert!(
                said.contains(word),
                "{arguments:?} should say {word:?}: {said}"
            );
        }
    }

    fn report(&self, run: &str) -> Report {
        let bytes = fs::read(self.path().join(run).join("report.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn comparable(&self, run: &str) -> String {
        let mut report = self.report(run);
        report.command = String::new();
        serde_json::to_string_pretty(&report.without_timings()).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Three channels by the hour.
fn table(rows: usize) -> String {
    let mut table = String::from("date,load,wind,sun\n");
    for row in 0..rows {
        let (day, hour) = (row / 24, row % 24);
        let phase = hour as f64 / 24.0 * std::f64::consts::TAU;
        let noise = ((row * 7919) % 101) as f64 / 101.0;
        table += &format!(
            "2024-{:02}-{:02} {hour:02}:00,{:.3},{:.3},{:.3}\n",
            1 + day / 28,
            1 + day % 28,
            50.0 + 10.0 * phase.sin() + noise,
            8.0 + 3.0 * phase.cos() - noise,
            (phase + 1.0).sin().max(0.0)
        );
    }
    table
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_report() {
    let folder = Folder::new();
    let flags = [
        "--epochs",
        "12",
        "--patience",
        "none",
        "--finetune-epochs",
        "6",
        "--scratch-control",
    ];
    let begin = |run| {
        [
            &["run", "toy.csv"],
            WINDOWS,
            SMALL,
            &flags,
            &["--quiet", "--run", run],
        ]
        .concat()
    };
    folder.succeeds(&begin("whole"));

    let mut kills = 0;
    // Every life is a little longer than the one before, so that the last one ends by itself.
    for life in (40..).step_by(25) {
        let arguments = match folder.path().join("killed/experiment.json").exists() {
            true => vec!["run", "--resume", "--run", "killed", "--quiet"],
            false => begin("killed"),
        };
        let mut child = folder
            .command(&arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(life));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_ne!(
            status.code(),
            Some(2),
            "a kill must not leave what cannot go on"
        );
        if status.success() {
            break;
        }
        kills += 1;
    }
    assert!(kills > 1, "the run was over before it could be killed");
    assert_eq!(folder.comparable("killed"), folder.comparable("whole"));
}

#[test]
fn a_finished_run_shows_its_report_again() {
    let folder = Folder::new();
    let (first, _) = folder.run(&["--run", "r"]);
    let (again, _) = folder.succeeds(&["run", "--resume", "--run", "r"]);
    assert_eq!(first, again);

    let (events, _) = folder.succeeds(&["run", "--resume", "--run", "r", "--json"]);
    let event: Event = serde_json::from_str(events.trim()).unwrap();
    assert!(matches!(event, Event::Done { .. }));
}

#[test]
fn the_command_in_the_report_makes_the_run_again() {
    let folder = Folder::new();
    let name = "it's a table.csv";
    folder.write(name, table(600).replace(",0.000\n", ",-9999\n").as_bytes());
    let flags = [
        "--missing",
        "NA",
        "--missing=-9999",
        "--channels",
        "sun,load",
        "--seed",
        "5",
        "--quiet",
    ];
    folder.succeeds(
        &[
            &["run", name, "--run", "first"],
            WINDOWS,
            SHORT,
            SMALL,
            &flags,
        ]
        .concat(),
    );
    let command = folder.report("first").command;
    assert!(command.ends_with("--seed 5 --device cpu"), "{command}");

    // A shell reads it as a person would paste it.
    let spat = format!("'{}'", env!("CARGO_BIN_EXE_spat"));
    let script = format!("{} --run second", command.replacen("spat", &spat, 1));
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        text(&output.stderr)
    );
    assert_eq!(folder.report("second").command, command);
    assert_eq!(folder.comparable("first"), folder.comparable("second"));
}

#[test]
fn an_experiment_that_is_handed_over_makes_the_same_report() {
    let folder = Folder::new();
    folder.run(&["--run", "first", "--seed", "5"]);
    let file = "first/experiment.json";
    let same = ["run", "toy.csv", "--experiment", file, "--device", "cpu"];
    folder.succeeds(&[&same[..], &["--run", "second"]].concat());
    assert_eq!(folder.comparable("first"), folder.comparable("second"));
    let command = folder.report("second").command;
    assert_eq!(
        command,
        "spat run toy.csv --experiment first/experiment.json --seed 5 --device cpu"
    );

    // The seed may be another one; what else decides the result may not.
    folder.succeeds(&[&same[..], &["--run", "third", "--seed", "6"]].concat());
    assert_eq!(folder.report("third").seed, 6);
    assert_ne!(folder.comparable("first"), folder.comparable("third"));
    folder.refuses(
        &[&same[..], &["--epochs", "9"]].concat(),
        &["--epochs 9", file, "leave the one or the other out"],
    );
    folder.refuses(
        &["run", "toy.csv", "--experiment", "toy.csv"],
        &["toy.csv", "no experiment"],
    );

    // What is wrong with it is said before there is a folder.
    let begun = fs::read_to_string(folder.path().join(file)).unwrap();
    let mut wrong: serde_json::Value = serde_json::from_str(&begun).unwrap();
    wrong["training"]["batch"] = 0.into();
    folder.write("wrong.json", wrong.to_string().as_bytes());
    let other: String = table(200)
        .lines()
        .map(|line| format!("{line},{}\n", if line.starts_with('a') { "d" } else { "1" }))
        .collect();
    folder.write("other.csv", other.as_bytes());
    for (data, file, words) in [
        ("toy.csv", "wrong.json", "batch"),
        ("other.csv", file, "channels"),
    ] {
        let run = ["run", data, "--experiment", file, "--run", "never"];
        folder.refuses(&run, &[words]);
        assert!(!folder.path().join("never").exists(), "{data} {file}");
    }
}

#[test]
fn a_run_with_its_own_table_can_be_moved() {
    let folder = Folder::new();
    folder.run(&["--run", "whole"]);
    let whole = folder.path().join("whole");
    let moved = folder.path().join("moved");
    fs::create_dir_all(moved.join("checkpoint")).unwrap();
    fs::copy(whole.join("experiment.json"), moved.join("experiment.json")).unwrap();
    fs::copy(folder.path().join("toy.csv"), moved.join("table.csv")).unwrap();
    // As the window leaves it, and from another place.
    let text = fs::read_to_string(whole.join("run.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    file["data"] = serde_json::json!({ "file": "/gone/elsewhere/moved/table.csv" });
    file["table"] = "toy.csv".into();
    fs::write(moved.join("run.json"), file.to_string()).unwrap();
    folder.succeeds(&["run", "--resume", "--run", "moved"]);
    assert_eq!(folder.comparable("moved"), folder.comparable("whole"));
}

#[test]
fn a_run_goes_on_as_it_was_begun_or_not_at_all() {
    let folder = Folder::new();
    // A run that has begun but not ended.
    folder.run(&["--run", "r"]);
    fs::remove_file(folder.path().join("r/report.json")).unwrap();

    folder.refuses(&["run", "--resume"], &["--run DIR"]);
    folder.refuses(
        &["run", "--resume", "--run", "nowhere"],
        &["nowhere", "no run"],
    );
    folder.refuses(
        &["run", "--resume", "--run", "r", "--epochs", "9"],
        &["--epochs 9", "leave out"],
    );
    folder.refuses(
        &["run", "--resume", "--run", "r", "--seed", "9"],
        &["--seed 9"],
    );
    let others = [
        &["run", "toy.csv", "--resume", "--run", "r", "--ratio", "1"],
        WINDOWS,
    ]
    .concat();
    folder.refuses(&others, &["other settings", "--run"]);
    folder.refuses(
        &[&["run", "toy.csv", "--resume"], WINDOWS].concat(),
        &["there is no run of itransformer on `toy.csv`"],
    );

    folder.write("toy.csv", table(601).as_bytes());
    folder.refuses(
        &["run", "--resume", "--run", "r"],
        &["toy.csv", "has changed"],
    );
    folder.write("toy.csv", table(600).as_bytes());
    fs::rename(
        folder.path().join("toy.csv"),
        folder.path().join("moved.csv"),
    )
    .unwrap();
    folder.refuses(
        &["run", "--resume", "--run", "r"],
        &["toy.csv", "cannot read"],
    );
    folder.succeeds(&["run", "moved.csv", "--resume", "--run", "r"]);
    assert!(folder.path().join("r/report.json").is_file());
}

#[test]
fn two_processes_do_not_work_on_one_run() {
    let folder = Folder::new();
    let flags = [
        "--epochs",
        "500",
        "--patience",
        "none",
        "--run",
        "r",
        "--quiet",
    ];
    let arguments = [&["run", "toy.csv"], WINDOWS, SMALL, &flags].concat();
    let mut first = folder.command(&arguments).spawn().unwrap();
    while !folder
        .path()
        .join("r/checkpoint/state.safetensors")
        .exists()
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    folder.refuses(&["run", "--resume", "--run", "r"], &["another process"]);
    folder.refuses(&arguments, &["has not ended", "--resume --run r"]);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_folder_of_a_run_that_never_began_is_taken_and_any_other_is_not() {
    let folder = Folder::new();
    let r = folder.path().join("r");
    fs::create_dir_all(r.join("checkpoint")).unwrap();
    fs::write(r.join("run.lock"), "").unwrap();
    fs::write(r.join("run.json"), "{").unwrap();
    folder.run(&["--run", "r"]);

    let mine = folder.path().join("mine");
    fs::create_dir_all(mine.join("checkpoint")).unwrap();
    fs::write(mine.join("thesis.txt"), "three years").unwrap();
    let arguments = [&["run", "toy.csv", "--run", "mine"], WINDOWS].concat();
    folder.refuses(&arguments, &["mine", "not empty"]);
    assert_eq!(
        fs::read_to_string(mine.join("thesis.txt")).unwrap(),
        "three years"
    );
    assert!(mine.join("checkpoint").is_dir());
}

#[test]
fn every_model_runs_and_says_what_was_not_pruned() {
    let folder = Folder::new();
    for model in ["patchtst", "patchtst-authors", "dlinear", "rlinear"] {
        let small = if model.starts_with("patchtst") {
            SMALL
        } else {
            &[]
        };
        let flags = ["--model", model, "--run", model, "--quiet"];
        folder.succeeds(&[&["run", "toy.csv"], WINDOWS, SHORT, small, &flags].concat());
        let report = folder.report(model);
        let modules = if model.starts_with("patchtst") { 3 } else { 0 };
        assert_eq!(
            (report.scores.len(), report.plan.removed.len()),
            (modules, modules / 2),
            "{model}"
        );
    }
    folder.refuses(
        &["run", "toy.csv", "--model", "dlinear", "--heads", "4"],
        &["--heads", "dlinear"],
    );
    folder.refuses(
        &["run", "toy.csv", "--patch", "4"],
        &["--patch", "itransformer"],
    );
    folder.refuses(
        &["run", "toy.csv", "--weight-decay", "0.1"],
        &["--optimizer adamw"],
    );
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn what_would_only_fail_after_the_training_is_refused_before() {
    let folder = Folder::new();
    let arguments = |flag: &'static str, value: &'static str| {
        [&["run", "toy.csv", "--run", "r"], WINDOWS, &[flag, value]].concat()
    };
    folder.refuses(
        &arguments("--protect", "encoder.7.attention"),
        &["encoder.7.attention", "--protect"],
    );
    folder.refuses(&arguments("--ratio", "1.5"), &["--ratio", "0 to 1"]);
    folder.refuses(&arguments("--batch", "0"), &["--batch", "at least 1"]);
    folder.refuses(&arguments("--heads", "7"), &["128", "7"]);
    folder.refuses(&arguments("--dropout", "1"), &["dropout", "[0, 1)"]);
    folder.refuses(
        &arguments("--split", "0.7,0.3"),
        &["--split", "three shares"],
    );
    folder.refuses(
        &arguments("--split", "0.9,0.9,0.9"),
        &["0.9", "add up to 1"],
    );
    folder.refuses(&arguments("--split-rows", "500,100,100"), &["700", "600"]);
    folder.refuses(&arguments("--preset", "etth1"), &["14400", "600"]);
    assert!(!folder.path().join("r").exists());
}

#[test]
fn windows_that_are_too_long_are_answered_with_some_that_fit() {
    let folder = Folder::new();
    let output = folder.spat(&["run", "toy.csv", "--horizon", "200"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let advice = "--lookback 96 --horizon 60";
    assert!(said.contains(advice) && said.contains("toy.csv"), "{said}");
    let flags: Vec<&str> = advice.split(' ').collect();
    let (found, _) = folder.succeeds(&[&["inspect", "toy.csv"], &flags[..]].concat());
    assert!(found.contains("1 windows"), "{found}");
}

#[test]
fn what_reading_changed_is_told_even_when_quiet() {
    let folder = Folder::new();
    let odd = table(600)
        .replace("date,load,wind,sun", "date,load,wind,sun,flat,none,note")
        .lines()
        .enumerate()
        .map(|(line, text)| match line {
            0 => format!("{text}\n"),
            50 => String::new(),
            _ => format!("{text},1,NA,fine\n"),
        })
        .collect::<String>();
    folder.write("odd.csv", odd.as_bytes());
    let arguments = [
        &["run", "odd.csv", "--run", "r", "--quiet"],
        WINDOWS,
        SHORT,
        SMALL,
    ]
    .concat();
    let (_, said) = folder.succeeds(&arguments);
    for word in [
        "1 row inserted",
        "every value missing: none",
        "Never changing, kept: flat",
        "note",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("computing"), "{said}");
    let report = folder.report("r");
    assert_eq!(report.data.channel_names, ["load", "wind", "sun", "flat"]);
    assert_eq!(report.data.repairs.inserted_rows, 1);
}

#[test]
fn bad_input_is_an_event_too() {
    let folder = Folder::new();
    let output = folder.spat(&["run", "absent.csv", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let event: Event = serde_json::from_str(text(&output.stdout).trim()).unwrap();
    assert!(matches!(event, Event::Failed { message } if message.contains("absent.csv")));
}

/// `head` closes the pipe: the run stops as if asked to, without a word about pipes.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    let spat = env!("CARGO_BIN_EXE_spat");
    let script = format!("'{spat}' completions bash | head -n 1; '{spat}' help run | head -n 1");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(text(&output.stderr), "");

    let flags =
        "--lookback 24 --horizon 12 --epochs 2000 --patience none --device cpu --json --run r";
    let script = format!("'{spat}' run toy.csv {flags} | head -n 2");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout).lines().count(), 2);
    let said = text(&output.stderr);
    assert!(
        said.contains("go on with: spat run --resume --run r") && !said.contains("pipe"),
        "{said}"
    );
}

#[test]
fn pytorch_weights_become_a_model_file() {
    let folder = Folder::new();
    let references = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/references");
    let weights = references.join("itransformer.pth");
    let weights = weights.to_str().unwrap();
    let sizes = [
        "--width",
        "16",
        "--ff",
        "32",
        "--heads",
        "4",
        "--lookback",
        "24",
        "--horizon",
        "12",
    ];
    let import = |weights, sizes: &[&'static str]| {
        [
            &["import", weights, "toy.csv", "-o", "m.safetensors"],
            sizes,
        ]
        .concat()
    };
    folder.refuses(
        &import(weights, &sizes[2..]),
        &["itransformer.pth", "--width"],
    );
    folder.refuses(&import("toy.csv", &sizes), &["toy.csv"]);
    assert!(!folder.path().join("m.safetensors").exists());

    folder.succeeds(&import(weights, &sizes));
    let (found, _) = folder.succeeds(&["evaluate", "m.safetensors", "toy.csv", "--part", "val"]);
    assert!(
        found.contains("iTransformer") && found.contains("validation"),
        "{found}"
    );
    let (csv, said) = folder.succeeds(&["forecast", "m.safetensors", "toy.csv"]);
    assert!(csv.starts_with("row,stamp,channel,forecast\n"), "{csv}");
    assert!(said.contains("no intervals"), "{said}");

    // The safetensors file itself has no structure of ours.
    let foreign = references.join("itransformer.safetensors");
    folder.refuses(
        &["evaluate", foreign.to_str().unwrap(), "toy.csv"],
        &["spat import"],
    );
}

#[test]
fn an_output_never_replaces_an_input() {
    let folder = Folder::new();
    folder.run(&["--run", "r"]);
    let model = "r/dense.safetensors";
    folder.refuses(
        &["forecast", model, "toy.csv", "-o", "./toy.csv"],
        &["would overwrite"],
    );
    folder.refuses(
        &["forecast", model, "toy.csv", "-o", "no/such/folder.csv"],
        &["no/such"],
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("toy.csv")).unwrap(),
        table(600)
    );
}

#[test]
fn a_checkpoint_of_another_version_is_refused() {
    let folder = Folder::new();
    folder.run(&["--run", "r"]);
    let mut bytes = fs::read(folder.path().join("r/pruned.safetensors")).unwrap();
    // `{\"format\":1,` in the header's JSON becomes another format of the same length.
    let mark = br#"{\"format\":1,"#;
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)
        .unwrap();
    bytes[at + mark.len() - 2] = b'7';
    folder.write("new.safetensors", &bytes);
    folder.refuses(
        &["evaluate", "new.safetensors", "toy.csv"],
        &["new.safetensors", "format 7"],
    );
}

#[test]
fn data_sets_are_listed_with_origin_and_checksum() {
    let folder = Folder::new();
    let (list, _) = folder.succeeds(&["data", "list", "--json"]);
    let sets: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    for set in &sets {
        let sum = set["sha256"].as_str().unwrap();
        assert!(
            sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{set}"
        );
    }
    folder.refuses(&["data", "get", "ETTh9"], &["ETTh9", "ETTh1"]);
    folder.write("ETTh1.csv", b"mine");
    folder.refuses(&["data", "get", "etth1"], &["another file", "--output"]);
    assert_eq!(fs::read(folder.path().join("ETTh1.csv")).unwrap(), b"mine");
    // Nothing listens on port 9 of this computer.
    let output = folder.spat(&["data", "get", "ETTh2", "--origin", "http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("check the network"),
        "{}",
        text(&output.stderr)
    );
}
