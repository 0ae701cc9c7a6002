//! End-to-end tests of the web app in Chromium and Firefox, by Playwright.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::adapter;
use crate::counts::Counts;
use crate::{root, succeed, web};

/// Builds the web app and tests it as a host serves it.
pub(crate) fn test(only: Option<&str>) -> Result<Counts> {
    let folder = root().join("tests/browser");
    let Some(mut command) = node(&folder, only)? else {
        return Ok(Counts::default());
    };
    adapter::ensure_browsers()?;
    web::build()?;
    succeed(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    counted(&mut command, only)
}

/// The command that runs a folder's tests in Node.js; none if no name there contains `only`.
pub(crate) fn node(folder: &Path, only: Option<&str>) -> Result<Option<Command>> {
    let mut command = Command::new("node");
    command
        .current_dir(folder)
        // One at a time: a second software WebGPU device fails while the first exists.
        .args(["--test", "--test-concurrency=1", "--test-reporter=tap"]);
    if let Some(pattern) = only {
        let files = files_with(folder, pattern)?;
        if files.is_empty() {
            println!("no test has {pattern:?} in its name");
            return Ok(None);
        }
        command
            .arg(format!("--test-name-pattern={}", escaped(pattern)))
            .args(files);
    }
    Ok(Some(command))
}

/// Test files in which a test's name may contain `pattern`: that have the text, or build names from parts.
fn files_with(folder: &Path, pattern: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") {
            let text = fs::read_to_string(folder.join(&name)).with_context(|| name.clone())?;
            if text.contains(pattern) || text.contains("test(`") {
                files.push(name);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A regular expression that matches `text` itself.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if character.is_ascii_punctuation() && character != '_' {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Runs Node.js's tests, prints their output, and counts them.
pub(crate) fn counted(command: &mut Command, only: Option<&str>) -> Result<Counts> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read the output of node")?;
            println!("{line}");
            count(&line, &mut counts);
        }
    }
    if !child.wait()?.success() {
        counts.failed = counts.failed.max(1);
    }
    if only.is_some() {
        // Node.js 20 counts tests with other names as skipped.
        counts.ignored = 0;
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

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn punctuation_is_matched_literally() {
        assert_eq!(escaped("1.5 (a_b)"), r"1\.5 \(a_b\)");
    }
}
