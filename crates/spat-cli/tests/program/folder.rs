//! A folder for end-to-end tests.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use spat_spec::Report;
use tempfile::TempDir;

/// Small windows and few epochs: a run takes about a second.
pub(crate) const WINDOWS: &[&str] = &["--lookback", "24", "--horizon", "12", "--device", "cpu"];
pub(crate) const SHORT: &[&str] = &["--epochs", "2", "--finetune-epochs", "1"];
pub(crate) const SMALL: &[&str] = &["--width", "8", "--heads", "2"];

/// A temporary folder with `toy.csv`.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("toy.csv", table(600).as_bytes());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spat"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    pub(crate) fn spat(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command line in a shell.
    pub(crate) fn shell(&self, script: &str) -> Output {
        let mut shell = Command::new("sh");
        let shell = shell.current_dir(self.path()).args(["-c", script]);
        shell.output().unwrap()
    }

    /// Both streams of a command that must succeed.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> (String, String) {
        let output = self.spat(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {err}");
        (out, err)
    }

    /// `spat run toy.csv` at toy size with more arguments; it must succeed.
    pub(crate) fn run(&self, more: &[&str]) -> (String, String) {
        self.succeeds(&[&["run", "toy.csv"], WINDOWS, SHORT, SMALL, more].concat())
    }

    /// Expects exit code 2, all of `words`, and no new run.
    pub(crate) fn refuses(&self, arguments: &[&str], words: &[&str]) {
        let runs = self.path().join("runs");
        assert!(!runs.exists());
        let output = self.spat(arguments);
        let printed = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {printed}");
        for word in words {
            assert!(
                printed.contains(word),
                "{arguments:?} should say {word:?}: {printed}"
            );
        }
        assert!(!runs.exists(), "{arguments:?} left a run");
    }

    pub(crate) fn report(&self, run: &str) -> Report {
        let bytes = fs::read(self.path().join(run).join("report.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// A report without times and the command, which differ between runs.
    pub(crate) fn comparable(&self, run: &str) -> String {
        let mut report = self.report(run);
        report.command = String::new();
        serde_json::to_string_pretty(&report.without_timings()).unwrap()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Three hourly channels.
pub(crate) fn table(rows: usize) -> String {
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
