//! HyperQueue on this machine, with two workers: the scheduler of its Python package, which has no program `hq`. A
//! script stands for `hq submit`.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::processes::{Daemon, with_environment};
use crate::study::{SetAtEnd, folder, survives};

const SERVER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/cluster/hyperqueue/server.py"
);
const SUBMIT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/cluster/hyperqueue/hq.py"
);

/// A Python with the package `hyperqueue`: `SPAT_HYPERQUEUE_PYTHON`, or that of `cargo xtask test`.
fn python() -> Option<PathBuf> {
    let python = match std::env::var_os("SPAT_HYPERQUEUE_PYTHON") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/spat/hyperqueue/bin/python"),
    };
    let imported = Command::new(&python)
        .args(["-c", "import hyperqueue"])
        .stderr(Stdio::null())
        .status();
    imported
        .is_ok_and(|status| status.success())
        .then_some(python)
}

/// A folder with a program `hq`.
fn program(folder: &Path, python: &Path) -> PathBuf {
    let programs = folder.join("bin");
    fs::create_dir(&programs).unwrap();
    let script = format!("#!/bin/sh\nexec '{}' '{SUBMIT}' \"$@\"\n", python.display());
    let path = programs.join("hq");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    programs
}

#[test]
fn hyperqueue_finishes_a_study_whose_conductor_is_killed_and_of_which_a_worker_is_lost() {
    let Some(python) = python() else {
        eprintln!(
            "skipped: there is no Python with the package hyperqueue; `cargo xtask test` installs it"
        );
        return;
    };
    let folder = folder();
    let files = tempfile::TempDir::new().unwrap();
    let programs = program(files.path(), &python);
    let servers = files.path().join("server");
    fs::create_dir(&servers).unwrap();
    let log = fs::File::create(files.path().join("server.log")).unwrap();
    let mut server = Daemon::start(
        Command::new(&python)
            .arg(SERVER)
            .arg(&servers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log),
    );
    let mut requests = server.0.stdin.take().unwrap();
    let mut answers = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let mut wait_for = |word: &str| {
        let found = answers.any(|line| line.is_ok_and(|line| line == word));
        assert!(found, "the server ended before it was {word}");
    };
    wait_for("ready");

    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", programs.display());
    let server_folder = format!("HQ_SERVER_DIR={}", servers.display());
    let (lost, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let (before, after) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let _end = SetAtEnd(&ended);
        // Each worker has one core, so the number of tasks at a time is that of the workers.
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let was_lost = lost.load(Ordering::Relaxed);
                let tasks = with_environment(&[server_folder.clone(), "SPAT_TASK=1".to_owned()]);
                let most = if was_lost { &after } else { &before };
                most.fetch_max(tasks.len(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(10));
            }
        });
        survives(
            folder.path(),
            &["--engine", "hyperqueue"],
            |command| {
                command.env("PATH", &path).env("HQ_SERVER_DIR", &servers);
            },
            || {
                writeln!(requests, "lose").unwrap();
                wait_for("lost");
                // The tasks of the lost worker have ended.
                thread::sleep(Duration::from_millis(500));
                lost.store(true, Ordering::Relaxed);
            },
        );
    });
    let most = [before, after].map(AtomicUsize::into_inner);
    assert_eq!(
        most,
        [2, 1],
        "tasks at a time with two workers and with one"
    );
}
