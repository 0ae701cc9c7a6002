//! `spat study`: killed, resumed, refused.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use spat_spec::{StudyReport, SyntheticReport};
use tempfile::TempDir;

/// A study of a few seconds.
const TOY: &[&str] = &[
    "study",
    "toy.csv",
    "--lookback",
    "24",
    "--horizon",
    "12",
    "--width",
    "8",
    "--heads",
    "2",
    "--layers",
    "3",
    "--seeds",
    "2",
    "--epochs",
    "2",
    "--finetune-epochs",
    "1",
    "--score-batches",
    "2",
    "--only",
    "oracle,sweep,rivals,heads",
    "--scorers",
    "send,entropy,magnitude",
    "--device",
    "cpu",
];

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("toy.csv"),
        spat_testing::dated_table(600),
    )
    .unwrap();
    folder
}

fn spat(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spat"));
    command.current_dir(folder).args(arguments);
    command
}

fn study_json(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("study.json")).unwrap()
}

/// Runs a study once as a whole, and once with ten kills, each a little later than the last. Both must write
/// the same file. Returns the output of the former.
fn survives_kills(folder: &Path, study: &[&str], first_kill_ms: u64) -> Output {
    let run = |more: &[&str]| spat(folder, &[study, more].concat());
    let whole = run(&["--run", "whole"]).output().unwrap();
    assert!(
        whole.status.success(),
        "{}",
        String::from_utf8_lossy(&whole.stderr)
    );
    let mut kills = 0;
    for attempt in 0..10 {
        let begun = folder.join("pieces/config.json").is_file();
        let more: &[&str] = if begun { &["--resume"] } else { &[] };
        let mut child = run(&[more, &["--run", "pieces"]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(first_kill_ms + 37 * attempt));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "every session ended before it could be killed");
    let last = run(&["--run", "pieces", "--resume"]).output().unwrap();
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    assert_eq!(study_json(folder, "pieces"), study_json(folder, "whole"));
    whole
}

fn refused(output: &Output, words: &[&str]) {
    let printed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{printed}");
    for word in words {
        assert!(printed.contains(word), "`{word}` is missing in: {printed}");
    }
}

/// Issue 7: killing the study ten times and restarting gives the same study.json.
#[test]
fn a_study_killed_ten_times_ends_with_the_same_bytes() {
    let folder = folder();
    let whole = survives_kills(folder.path(), TOY, 100);
    let report: StudyReport = serde_json::from_slice(&study_json(folder.path(), "whole")).unwrap();
    assert_eq!(
        report.command,
        "spat study toy.csv --seeds 2 --layers 3 --only oracle,sweep,rivals,heads --scorers send,entropy,magnitude \
         --score-batches 2 --width 8 --heads 2 --lookback 24 --horizon 12 --epochs 2 --finetune-epochs 1"
    );
    let printed = String::from_utf8_lossy(&whole.stdout);
    assert!(
        printed.contains("Does SEND choose well?") && printed.contains("study.html"),
        "{printed}"
    );
}

/// A study of another domain that is killed repeatedly ends with the same bytes too.
#[test]
fn a_study_without_a_table_survives_kills() {
    const TEXT: &[&str] = &[
        "study",
        "--domain",
        "text",
        "--layers",
        "2",
        "--seeds",
        "2",
        "--steps",
        "40",
        "--finetune-steps",
        "10",
        "--width",
        "8",
        "--heads",
        "2",
        "--scorers",
        "send,entropy,snip",
        "--score-batches",
        "2",
        "--threads",
        "1",
    ];
    let folder = TempDir::new().unwrap();
    survives_kills(folder.path(), TEXT, 60);
    let report: SyntheticReport =
        serde_json::from_slice(&study_json(folder.path(), "whole")).unwrap();
    assert_eq!(
        report.command,
        "spat study --domain text --seeds 2 --layers 2 --scorers send,entropy,snip --score-batches 2 --steps 40 \
         --finetune-steps 10 --width 8 --heads 2"
    );
    assert!(folder.path().join("whole/study.html").is_file());
}

#[test]
fn what_means_nothing_without_a_table_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| spat(folder.path(), arguments).output().unwrap();
    refused(
        &run(&["study", "--domain", "text", "--horizon", "12"]),
        &["--horizon", "another domain"],
    );
    refused(
        &run(&["study", "--ground-truth", "--layers", "2"]),
        &["--layers", "modules with a known order"],
    );
    refused(
        &run(&["study", "--domain", "images", "--only", "heads"]),
        &["heads outside forecasting", "oracle"],
    );
    refused(&run(&["study", "--domain", "sound"]), &["sound"]);
    refused(&run(&["study"]), &["DATA.csv"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_makes_no_study_is_refused_with_a_way_out() {
    let folder = folder();
    let run = |more: &[&str]| {
        spat(folder.path(), &[TOY, &["--run", "study"], more].concat())
            .output()
            .unwrap()
    };
    refused(&run(&["--resume"]), &["no study in `study`", "--resume"]);
    fs::write(
        folder.path().join("other.csv"),
        "date,east\n2024-01-01,1\n2024-01-02,2\n",
    )
    .unwrap();
    refused(
        &run(&["--also", "other.csv"]),
        &["other.csv", "same channels"],
    );
    let only = |name: &str| {
        let arguments = [
            "study",
            "toy.csv",
            "--only",
            name,
            "--horizon",
            "12",
            "--lookback",
            "24",
        ];
        spat(folder.path(), &arguments).output().unwrap()
    };
    refused(&only("zero-shot"), &["--also OTHER.csv"]);
    refused(&only("oracles"), &["oracles"]);
    let linear = [
        "study",
        "toy.csv",
        "--model",
        "dlinear",
        "--horizon",
        "12",
        "--lookback",
        "24",
    ];
    refused(
        &spat(folder.path(), &linear).output().unwrap(),
        &["no attention that can be removed"],
    );
    assert!(
        !folder.path().join("study").exists(),
        "a refused study left a folder"
    );
}

/// Two tables, of which one is too short for the second horizon, and two models.
const SUITE: &str = r#"
title = "Toy tables"
seeds = [1, 2]
look-back = 24
horizons = [12]
scorers = ["send", "last", "entropy"]
readings = ["raw"]
score-batches = 2

[training]
epochs = 2
patience = "none"

[finetune]
epochs = 1

[[table]]
path = "toy.csv"

[[table]]
path = "short.csv"
horizons = [6, 60]

[[model]]
model = "itransformer"
width = 8
heads = 2
layers = 2

[[model]]
model = "dlinear"
name = "linear"

[[zero-shot]]
from = "toy"
to = "short"
"#;

fn suite_folder() -> TempDir {
    let folder = folder();
    let text = fs::read_to_string(folder.path().join("toy.csv")).unwrap();
    let short: Vec<&str> = text.lines().take(201).collect();
    fs::create_dir(folder.path().join("tables")).unwrap();
    fs::write(folder.path().join("tables/short.csv"), short.join("\n")).unwrap();
    fs::rename(
        folder.path().join("toy.csv"),
        folder.path().join("tables/toy.csv"),
    )
    .unwrap();
    fs::write(folder.path().join("toy.toml"), SUITE).unwrap();
    folder
}

const RUN_SUITE: &[&str] = &["study", "--suite", "toy.toml", "--tables", "tables"];

#[test]
fn a_suite_reports_what_is_missing_and_survives_a_kill() {
    let folder = suite_folder();
    let run = |more: &[&str]| {
        let cpu: &[&str] = &["--device", "cpu"];
        spat(folder.path(), &[RUN_SUITE, cpu, more].concat())
    };
    let whole = run(&["--run", "whole"]).output().unwrap();
    let printed = String::from_utf8_lossy(&whole.stderr);
    assert!(whole.status.success(), "{printed}");
    // Before anything is trained.
    assert!(
        printed.contains("2 cells with pruning and 2 without: 8 trainings"),
        "{printed}"
    );
    assert!(
        printed.contains("short, iTransformer, horizon 60: not possible"),
        "{printed}"
    );
    let printed = String::from_utf8_lossy(&whole.stdout);
    assert!(
        printed.contains("the paper") && printed.contains("suite.html"),
        "{printed}"
    );

    let mut child = run(&["--run", "pieces"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(400));
    child.kill().unwrap();
    child.wait().unwrap();
    let begun = folder.path().join("pieces/config.json").is_file();
    let more: &[&str] = if begun { &["--resume"] } else { &[] };
    let last = run(&[&["--run", "pieces"], more].concat())
        .output()
        .unwrap();
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    for name in ["suite.json", "suite.html", "suite.md"] {
        let read = |run: &str| fs::read(folder.path().join(run).join(name)).unwrap();
        assert!(read("whole") == read("pieces"), "{name} differs");
    }
    let text = fs::read_to_string(folder.path().join("whole/suite.md")).unwrap();
    assert!(
        text.contains("spat study --suite toy.toml --tables tables\n"),
        "{text}"
    );
    assert!(text.contains("| short | linear | 60 |"), "{text}");
}

#[test]
fn what_makes_no_suite_is_refused_before_anything_is_trained() {
    let folder = suite_folder();
    let run = |text: &str, more: &[&str]| {
        fs::write(folder.path().join("toy.toml"), text).unwrap();
        let arguments = [RUN_SUITE, &["--run", "suite"], more].concat();
        spat(folder.path(), &arguments).output().unwrap()
    };
    let other = |from: &str, to: &str| SUITE.replacen(from, to, 1);
    refused(
        &run(&other("\"toy.csv\"", "\"none.csv\""), &[]),
        &["none.csv", "check the name"],
    );
    refused(
        &run(&other("score-batches", "score-batch"), &[]),
        &["toy.toml", "line 8", "`score-batch`", "`score-batches`"],
    );
    refused(
        &run(&other("width = 8", "breadth = 8"), &[]),
        &["`breadth`", "width", "heads"],
    );
    refused(
        &run(&other("width = 8", "width = 9"), &[]),
        &["iTransformer", "possible on no table"],
    );
    refused(
        &run(&other("\"short\"", "\"long\""), &[]),
        &["zero-shot", "`long`", "toy, short"],
    );
    refused(
        &run(&other("\"linear\"", "\"iTransformer\""), &[]),
        &["two entries", "iTransformer"],
    );
    refused(&run(SUITE, &["--horizon", "12"]), &["--horizon", "--suite"]);
    refused(&run(SUITE, &["--demo"]), &["--demo"]);
    assert!(
        !folder.path().join("suite").exists(),
        "a refused suite left a folder"
    );
}
