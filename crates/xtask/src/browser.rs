//! End-to-end tests of the web app in Chromium, by Playwright.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::counts::Counts;
use crate::{page, root, succeed};

/// Builds the page and tests it as it would be served.
pub(crate) fn test() -> Result<Counts> {
    page::build()?;
    let folder = root().join("tests/browser");
    succeed(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    let child = Command::new("node")
        .current_dir(&folder)
        // One page at a time: software WebGPU devices do not bear company.
        .args(["--test", "--test-concurrency=1", "--test-reporter=tap"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    counted(child)
}

/// Shows what a run of node's tests says, and counts it.
pub(crate) fn counted(mut child: Child) -> Result<Counts> {
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read what node prints")?;
            println!("{line}");
            count(&line, &mut counts);
        }
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

/// Adds a line of TAP's tail such as `# pass 12`.
fn count(line: &str, counts: &mut Counts) {
    let number = |name: &str| -> usize {
        line.strip_prefix(name)
            .and_then(|rest| rest.trim().parse().ok())
            .unwrap_or(0)
    };
    counts.passed += number("# pass ");
    counts.failed += number("# fail ") + number("# cancelled ");
    counts.ignored += number("# skipped ");
}
