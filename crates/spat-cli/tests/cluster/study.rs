//! A small study of more than a hundred tasks, and what is observed of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longest time for anything that is waited for.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(180);

/// A study of a few seconds on one machine.
const STUDY: &str = "study toy.csv --lookback 24 --horizon 12 --width 8 --heads 2 --layers 3 --epochs 2 \
                     --finetune-epochs 1 --score-batches 2 --only oracle,sweep,baselines,heads \
                     --scorers send,entropy,magnitude --device cpu";

/// The number of seeds of the study of more than a hundred tasks.
pub(crate) const SEEDS: &[&str] = &["--seeds", "6"];

/// A folder with the table.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("toy.csv"),
        spat_testing::dated_table(600),
    )
    .unwrap();
    folder
}

/// `spat study` with more arguments, in a folder with the table.
pub(crate) fn study(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spat"));
    command
        .current_dir(folder)
        .args(STUDY.split_whitespace())
        .args(more)
        .stdin(Stdio::null());
    command
}

pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The result of the study of more than a hundred tasks, computed by the threads of one process.
pub(crate) fn expected() -> &'static [u8] {
    static EXPECTED: OnceLock<Vec<u8>> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let folder = folder();
        succeed(&mut study(
            folder.path(),
            &[SEEDS, &["--run", "whole"]].concat(),
        ));
        let tasks = results(&folder.path().join("whole")).len();
        assert!(tasks >= 100, "the study has only {tasks} tasks");
        report(folder.path(), "whole")
    })
}

/// The bytes of `study.json`.
pub(crate) fn report(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("study.json")).unwrap()
}

/// Stored results of tasks, by their names. A result that is written again is another file, with another time.
pub(crate) fn results(run: &Path) -> BTreeMap<String, std::time::SystemTime> {
    let entries = fs::read_dir(run.join("cache")).into_iter().flatten();
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let modified = entry.metadata().ok()?.modified().ok()?;
            name.ends_with(".json").then_some((name, modified))
        })
        .collect()
}

/// Set when it is dropped, also by a failed test, whose threads would otherwise never end.
pub(crate) struct SetAtEnd<'a>(pub(crate) &'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until the study has at least this number of results, and is still running.
pub(crate) fn wait_for_results(conductor: &mut Child, run: &Path, count: usize) {
    let start = Instant::now();
    while results(run).len() < count {
        if let Some(status) = conductor.try_wait().unwrap() {
            panic!("the study ended early, with {status}");
        }
        assert!(start.elapsed() < TIMEOUT, "the study makes no progress");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What happens to the study of more than a hundred tasks on a queueing system: its conductor is killed, started
/// again, then `lose_machine` is called. The result must equal that of one machine, and no result must be computed
/// again that was stored when the conductor was killed.
pub(crate) fn survives(
    folder: &Path,
    engine: &[&str],
    prepare: impl Fn(&mut Command),
    lose_machine: impl FnOnce(),
) {
    let expected = expected();
    let run = folder.join("run");
    let start = |more: &[&str]| {
        let arguments = [SEEDS, engine, &["--run", "run"], more].concat();
        let mut command = study(folder, &arguments);
        prepare(&mut command);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut conductor = start(&[]);
    wait_for_results(&mut conductor, &run, 20);
    conductor.kill().unwrap();
    conductor.wait().unwrap();
    let before = results(&run);

    let mut conductor = start(&["--resume"]);
    wait_for_results(&mut conductor, &run, 50);
    lose_machine();
    let output = conductor.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let after = results(&run);
    assert!(before.len() >= 20 && after.len() >= 100);
    for (name, modified) in &before {
        assert_eq!(after.get(name), Some(modified), "{name} was computed again");
    }
    assert!(
        report(folder, "run") == expected,
        "study.json differs from that of one machine"
    );
}
