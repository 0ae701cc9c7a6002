//! Existing run folders and files.

use std::fs;
use std::time::Duration;

use crate::folder::{Folder, SMALL, WINDOWS, table};

#[test]
fn a_run_folder_is_never_overwritten() {
    let folder = Folder::new();
    folder.run(&["--run", "r"]);
    let before = fs::read(folder.path().join("r/report.json")).unwrap();
    folder.refuses(
        &[&["run", "toy.csv", "--run", "r"], WINDOWS].concat(),
        &["--resume"],
    );
    assert_eq!(
        fs::read(folder.path().join("r/report.json")).unwrap(),
        before
    );
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
