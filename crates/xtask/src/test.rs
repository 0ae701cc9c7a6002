//! Every test, with one count at the end.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::counts::Counts;
use crate::{PACKAGE_SETS, PAGE_SET, adapter, browser, cargo, window_stories};

/// Tests need no Python and no GPU, and no network but to install what they run on where it is missing. Those that read benchmark data say so and pass by
/// where the data are absent.
pub(crate) fn run() -> Result<()> {
    adapter::ensure()?;
    adapter::ensure_web_view()?;
    let mut total = Counts::default();
    let mut failed = false;
    for packages in PACKAGE_SETS.into_iter().chain([&PAGE_SET[..]]) {
        failed |= !test(packages, &mut total)?;
    }
    println!("\nthe page in Chromium");
    let stories = browser::test()?;
    println!("\nthe window");
    for stories in [stories, window_stories::test()?] {
        failed |= stories.failed > 0;
        total.passed += stories.passed;
        total.failed += stories.failed;
        total.ignored += stories.ignored;
    }
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
