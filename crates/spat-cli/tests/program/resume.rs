//! Runs that are killed, stopped, moved and resumed.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use spat_spec::Event;

use crate::folder::{Folder, SHORT, SMALL, WINDOWS, table, text};

#[test]
fn a_killed_run_goes_on_to_the_same_report() {
    let folder = Folder::new();
    let long = [
        "--epochs",
        "40",
        "--patience",
        "40",
        "--finetune-epochs",
        "1",
    ];
    let arguments =
        |run: &'static str| [&["run", "toy.csv", "--run", run], WINDOWS, SMALL, &long].concat();
    folder.succeeds(&arguments("whole"));

    for signal in ["-KILL", "-INT"] {
        let run = if signal == "-KILL" {
            "killed"
        } else {
            "stopped"
        };
        let mut child = folder
            .command(&arguments(run))
            .arg("--quiet")
            .spawn()
            .unwrap();
        let state = folder.path().join(run).join("checkpoint/state.safetensors");
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
        assert!(!folder.path().join(run).join("report.json").exists());

        folder.succeeds(&["run", "--resume", "--run", run]);
        assert_eq!(
            folder.comparable(run),
            folder.comparable("whole"),
            "{signal}"
        );
    }
}

#[test]
fn a_run_without_its_empty_checkpoint_folder_is_resumed() {
    let folder = Folder::new();
    folder.run(&["--run", "whole"]);
    folder.run(&["--run", "copied"]);
    let copied = folder.path().join("copied");
    for file in fs::read_dir(&copied).unwrap() {
        let path = file.unwrap().path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("run.json" | "experiment.json") => {}
            Some("checkpoint") => fs::remove_dir_all(path).unwrap(),
            _ => fs::remove_file(path).unwrap(),
        }
    }
    folder.succeeds(&["run", "--resume", "--run", "copied"]);
    assert_eq!(folder.comparable("copied"), folder.comparable("whole"));
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
    // Every attempt runs a little longer than the one before, so that the last one completes.
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
        assert_ne!(status.code(), Some(2), "a killed run must be resumable");
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
fn a_run_with_its_own_table_can_be_moved() {
    let folder = Folder::new();
    folder.run(&["--run", "whole"]);
    let whole = folder.path().join("whole");
    let moved = folder.path().join("moved");
    fs::create_dir_all(moved.join("checkpoint")).unwrap();
    fs::copy(whole.join("experiment.json"), moved.join("experiment.json")).unwrap();
    fs::copy(folder.path().join("toy.csv"), moved.join("table.csv")).unwrap();
    // A run folder of the desktop app, from another path.
    let text = fs::read_to_string(whole.join("run.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    file["data"] = serde_json::json!({ "file": "/gone/elsewhere/moved/table.csv" });
    file["table"] = "toy.csv".into();
    fs::write(moved.join("run.json"), file.to_string()).unwrap();
    folder.succeeds(&["run", "--resume", "--run", "moved"]);
    assert_eq!(folder.comparable("moved"), folder.comparable("whole"));
}

#[test]
fn a_run_is_only_resumed_with_its_own_settings() {
    let folder = Folder::new();
    // A run that was started but not finished.
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

/// `ulimit -f` simulates a full disk: the write fails, existing files stay intact.
#[cfg(unix)]
#[test]
fn a_failing_write_loses_nothing() {
    let folder = Folder::new();
    let spat = env!("CARGO_BIN_EXE_spat");
    let arguments = [&["run", "toy.csv", "--run", "r"], WINDOWS, SHORT, SMALL].concat();
    let arguments = arguments.join(" ");
    // Blocks of 512 or 1024 bytes: enough for the small files, not for the weights.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {spat} {arguments}");
    let output = folder.shell(&script);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("r/"),
        "{}",
        text(&output.stderr)
    );
    let left = fs::read_dir(folder.path().join("r/checkpoint")).unwrap();
    assert!(
        left.flatten()
            .all(|entry| !entry.path().to_string_lossy().ends_with(".part"))
    );

    folder.succeeds(&["run", "--resume", "--run", "r"]);
}
