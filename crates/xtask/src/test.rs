//! Every test, with one count at the end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::counts::Counts;
use crate::{PACKAGE_SETS, PAGE_SET, adapter, browser, cargo, setup, window_tests};

/// Tests need no Python and no GPU, and no network but to install what they run on where it is missing. Those that read benchmark data say so and pass by
/// where the data are absent.
pub(crate) fn run() -> Result<()> {
    adapter::ensure()?;
    adapter::ensure_web_view()?;
    let mut total = Counts::default();
    let mut failed = false;
    for packages in PACKAGE_SETS.into_iter().chain([&PAGE_SET[..]]) {
        failed |= !test(
            cargo()
                .args(["test", "--release", "--no-fail-fast"])
                .args(packages),
            &mut total,
        )?;
    }
    println!("\nwhat only a browser has");
    failed |= !test(&mut in_browser()?, &mut total)?;
    println!("\nthe page in Chromium");
    let counts = browser::test()?;
    println!("\nthe window");
    for counts in [counts, window_tests::test()?] {
        failed |= counts.failed > 0;
        total.passed += counts.passed;
        total.failed += counts.failed;
        total.ignored += counts.ignored;
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

/// The page's tests on the browser's target: messages in Node.js, the storage and fused products in a headless
/// Chromium.
fn in_browser() -> Result<Command> {
    let variables = setup::ensure()?;
    let mut command = cargo();
    command
        .args([
            "test",
            "--release",
            "--no-fail-fast",
            "--target",
            setup::TARGET,
        ])
        .args([
            "--package=spat-wire",
            "--package=spat-web-store",
            "--package=spat-web-vectors",
        ])
        .args(["--test=transfer", "--test=run_database", "--test=fused"])
        .envs(variables)
        // It comes with wasm-bindgen's command line tool.
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            "wasm-bindgen-test-runner",
        )
        // A storage of five million bytes takes a moment on a busy machine.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    Ok(command)
}

/// Runs tests, prints what cargo prints, and tells whether all went well.
fn test(command: &mut Command, total: &mut Counts) -> Result<bool> {
    let mut child = command
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
