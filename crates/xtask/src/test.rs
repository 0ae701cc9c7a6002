//! Every test, with one count at the end.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::{PACKAGE_SETS, PAGE_SET, adapter, browser, cargo};

/// Tests need no Python and no GPU, and no network but to install what they run on where it is missing. Those that read benchmark data say so and pass by
/// where the data are absent.
pub(crate) fn run() -> Result<()> {
    adapter::ensure()?;
    let mut total = Counts::default();
    let mut failed = false;
    for packages in PACKAGE_SETS.into_iter().chain([&PAGE_SET[..]]) {
        failed |= !test(packages, &mut total)?;
    }
    println!("\nthe page in Chromium");
    let stories = browser::test()?;
    failed |= stories.failed > 0;
    total.passed += stories.passed;
    total.failed += stories.failed;
    total.ignored += stories.ignored;
    println!(
        "\n{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.ignored
    );
    if failed {
        bail!("tests failed");
    }
    Ok(())
}

/// Tests some packages, prints what cargo prints, and tells whether all went well.
fn test(packages: &[&str], total: &mut Counts) -> Result<bool> {
    let mut child = cargo()
        .args(["test", "--release", "--no-fail-fast"])
        .args(packages)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read what cargo test prints")?;
            println!("{line}");
            total.add(&line);
        }
    }
    Ok(child.wait()?.success())
}

/// How many tests went how.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl Counts {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let mut words = rest
            .split([' ', ';'])
            .filter(|word| !word.is_empty())
            .peekable();
        while let Some(word) = words.next() {
            let Ok(count) = word.parse::<usize>() else {
                continue;
            };
            match words.peek() {
                Some(&"passed") => self.passed += count,
                Some(&"failed") => self.failed += count,
                Some(&"ignored") => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn counts_are_summed() {
        let mut total = Counts::default();
        total.add("running 4 tests");
        total.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s");
        total.add("test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        assert_eq!((total.passed, total.failed, total.ignored), (5, 5, 1));
    }
}
