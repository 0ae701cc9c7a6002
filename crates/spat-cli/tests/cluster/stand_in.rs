//! What needs no cluster: a program `sbatch` that executes the elements of an array in turn.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::study::{folder, report, results, study, succeed};

/// Executes `$run` for each element of the array with its number in `SLURM_ARRAY_TASK_ID`; its output is in the file of
/// `--output`.
const SBATCH: &str = r#"#!/bin/sh
echo "$*" >> submitted
while [ $# -gt 0 ]; do
  case "$1" in
    --array=*) last=${1#--array=0-}; last=${last%\%*} ;;
    --output) output=$2; shift ;;
    --wrap) run=$2; shift ;;
  esac
  shift
done
element=0
while [ $element -le $last ]; do
  SLURM_ARRAY_TASK_ID=$element sh -c "$run" > "$(echo "$output" | sed "s/%a/$element/")" 2>&1
  element=$((element + 1))
done
"#;

/// Adds a program to the front of PATH.
fn with_program(command: &mut Command, folder: &Path, name: &str, script: &str) {
    let programs = folder.join("bin");
    fs::create_dir_all(&programs).unwrap();
    fs::write(programs.join(name), script).unwrap();
    fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", programs.display()));
}

fn with_sbatch(folder: &Path, script: &str, mut command: Command) -> Output {
    with_program(&mut command, folder, "sbatch", script);
    command.output().unwrap()
}

fn failed(output: &Output, words: &[&str]) {
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{printed}");
    for word in words {
        assert!(printed.contains(word), "`{word}` is missing in: {printed}");
    }
}

const ONE_SEED: &[&str] = &["--seeds", "1"];
const ON_SLURM: &[&str] = &["--seeds", "1", "--engine", "slurm", "--run", "run"];

#[test]
fn a_study_of_classifiers_is_executed_by_a_queue() {
    let folder = folder();
    let text = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spat"));
        command.current_dir(folder.path()).args([
            "study",
            "--domain",
            "text",
            "--layers",
            "2",
            "--seeds",
            "1",
            "--steps",
            "20",
            "--finetune-steps",
            "5",
            "--width",
            "8",
            "--heads",
            "2",
            "--scorers",
            "send,entropy",
            "--score-batches",
            "2",
        ]);
        command.args(more);
        command
    };
    succeed(&mut text(&["--run", "whole"]));
    let queue = text(&["--run", "run", "--engine", "slurm", "--bundle", "2"]);
    let output = with_sbatch(folder.path(), SBATCH, queue);
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert_eq!(report(folder.path(), "run"), report(folder.path(), "whole"));
    assert_eq!(
        results(&folder.path().join("run"))
            .into_keys()
            .collect::<Vec<_>>(),
        results(&folder.path().join("whole"))
            .into_keys()
            .collect::<Vec<_>>()
    );
}

#[test]
fn tasks_without_a_result_are_submitted_once_more_and_then_named() {
    let folder = folder();
    let script = "#!/bin/sh\necho \"$*\" >> submitted\necho 'sbatch: error: invalid partition: gpu' >&2\nexit 1\n";
    let more = [ON_SLURM, &["--engine-args=-p gpu --time '4 h'"]].concat();
    let output = with_sbatch(folder.path(), script, study(folder.path(), &more));
    failed(
        &output,
        &[
            "1 of 1 tasks",
            "3 modules, seed 2023, dense: see",
            "run/log/0002-0",
            "invalid partition: gpu",
            "--engine slurm --engine-args='-p gpu --time '\\''4 h'\\''' --run run --resume",
        ],
    );
    let submitted = fs::read_to_string(folder.path().join("submitted")).unwrap();
    assert_eq!(submitted.lines().count(), 2, "{submitted}");
    assert!(
        submitted.contains("-p gpu --time 4 h --wrap"),
        "{submitted}"
    );
}

#[test]
fn a_task_that_does_not_see_the_table_names_its_path() {
    let folder = folder();
    let script = SBATCH.replacen("while", "rm -f toy.csv\nwhile", 1);
    let output = with_sbatch(folder.path(), &script, study(folder.path(), ON_SLURM));
    let table = folder.path().join("toy.csv").display().to_string();
    failed(&output, &[&table, "put it where all machines see it"]);
}

#[test]
fn another_version_of_the_program_is_refused() {
    let folder = folder();
    // A wave whose keys are those of other tasks.
    let script = SBATCH.replacen(
        "while",
        "sed -i 's/\"key\":\"..../\"key\":\"0000/g' run/tasks/0*.json\nwhile",
        1,
    );
    let output = with_sbatch(folder.path(), &script, study(folder.path(), ON_SLURM));
    failed(&output, &["another version of this program"]);
}

#[test]
fn a_queue_that_is_not_installed_is_named() {
    let folder = folder();
    let mut command = study(folder.path(), &["--engine", "hyperqueue", "--run", "run"]);
    command.env("PATH", folder.path());
    failed(&command.output().unwrap(), &["`hq`", "not installed"]);
}

#[test]
fn results_of_another_arithmetic_are_refused() {
    let folder = folder();
    succeed(&mut study(
        folder.path(),
        &[ONE_SEED, &["--run", "run"]].concat(),
    ));
    let run = folder.path().join("run");
    let (name, _) = results(&run).pop_first().unwrap();
    let path = run.join("cache").join(&name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("computed_with"), "{text}");
    let other = text.replace("\"processor\":\"", "\"processor\":\"risc-v or ");
    fs::write(&path, other).unwrap();
    let more = [ONE_SEED, &["--run", "run", "--resume"]].concat();
    let again = study(folder.path(), &more).output().unwrap();
    failed(
        &again,
        &[
            "risc-v or",
            &format!("run/cache/{name}"),
            "delete those of one kind",
        ],
    );
}

#[test]
fn what_a_queue_cannot_use_is_refused_before_the_study_begins() {
    let folder = folder();
    for (more, word) in [
        (&["--engine-args", "-p gpu"][..], "--engine"),
        (
            &["--engine", "slurm", "--engine-args", "'x"],
            "quotation mark",
        ),
        (&["--engine", "pbs"], "hyperqueue"),
        (
            &["--engine", "hyperqueue", "--bundle", "4"],
            "--engine slurm",
        ),
    ] {
        let more = [more, &["--run", "run"]].concat();
        let output = study(folder.path(), &more).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        failed(&output, &[word]);
    }
    assert!(!folder.path().join("run").exists());
}
