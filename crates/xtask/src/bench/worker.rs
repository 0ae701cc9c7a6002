//! A process that times steps on request.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::median;
use crate::{NATIVE, cargo, root};

/// Builds the worker that is the bench target `name` and gives its path.
pub(super) fn our_worker(name: &str) -> Result<PathBuf> {
    let output = cargo()
        .args(["build", "--release"])
        .args(NATIVE)
        .args(["--bench", name, "--message-format=json"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the bench worker does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo named no executable for the bench worker")
}

/// A process that times steps: a JSON request per line in, a JSON answer per line out.
pub(super) struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let requests = child.stdin.take().context("the worker has no input")?;
        let answers = BufReader::new(child.stdout.take().context("the worker has no output")?);
        Ok(Self {
            child,
            requests,
            answers,
        })
    }

    /// Sends a request and returns the answer.
    pub(super) fn request(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.requests, "{request}")?;
        self.requests.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the worker answered {line:?}"))
    }

    /// Median milliseconds per step of one block.
    pub(super) fn time(&mut self, request: &Value) -> Result<f64> {
        let answer = self.request(request)?;
        median_of(&answer).with_context(|| format!("the worker failed: {answer}"))
    }
}

/// Median milliseconds in an answer, if it has any.
pub(super) fn median_of(answer: &Value) -> Option<f64> {
    let times: Vec<f64> = answer["ms"]
        .as_array()?
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    (!times.is_empty()).then(|| median(times))
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
