//! `cargo xtask test`: every test, or a part of them, with one count at the end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::counts::Counts;
use crate::{NATIVE, WEB, adapter, cargo, desktop_tests, guide, queues, setup, web_tests};

/// Integration tests that `--unit` leaves out: they start programs, servers or browsers, train for long,
/// or compile shaders for a GPU.
const SLOW: [&str; 11] = [
    "chromium",
    "cluster",
    "encoder",
    "engine_thread",
    "host",
    "http",
    "job",
    "program",
    "serve",
    "study",
    "suite",
];

/// Which tests run.
#[derive(Args)]
pub(crate) struct TestArguments {
    /// Only fast native tests: unit tests, and the integration tests that start no program, server or
    /// browser and train for seconds at most. Documentation tests are left out too. Needs no browser;
    /// minutes where everything is compiled.
    #[arg(long, conflicts_with = "e2e")]
    unit: bool,
    /// Only end-to-end tests and tests on the browser's target: the web app in Chromium and Firefox, the
    /// desktop app under a virtual display. Builds both apps first.
    #[arg(long)]
    e2e: bool,
    /// Only tests whose name contains PATTERN. Apps without such a test are not built.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
}

/// Runs the tests. They need no Python and no GPU, and no network unless something has to be installed.
/// Tests that read benchmark data print that they are skipped where the data are absent.
///
/// # Errors
/// A test fails, or none has the wanted name.
pub(crate) fn run(arguments: &TestArguments) -> Result<()> {
    let only = arguments.only.as_deref();
    let mut total = Counts::default();
    let mut times = Vec::new();
    let mut part = |name, test: &dyn Fn() -> Result<Counts>| -> Result<()> {
        println!("\n{name}");
        let start = Instant::now();
        total += test()?;
        times.push(format!("{name} {} s", start.elapsed().as_secs()));
        Ok(())
    };
    if !arguments.e2e {
        part("native tests", &|| native(arguments.unit, only))?;
    }
    if !arguments.unit && !arguments.e2e {
        part("examples of CONTRIBUTING.md", &|| Ok(guide::test(only)))?;
    }
    if !arguments.unit {
        part("tests on the browser's target", &|| wasm(only))?;
        part("web app", &|| web_tests::test(only))?;
        part("desktop app", &|| desktop_tests::test(only))?;
    }
    println!("\n{}", times.join(", "));
    println!(
        "\n{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.ignored
    );
    if total.failed > 0 {
        bail!("tests failed");
    }
    if let (Some(pattern), 0) = (only, total.passed) {
        bail!("no test has {pattern:?} in its name");
    }
    Ok(())
}

/// Unit and integration tests on this machine.
fn native(unit: bool, only: Option<&str>) -> Result<Counts> {
    adapter::ensure_vulkan()?;
    adapter::ensure_web_view()?;
    if !unit {
        adapter::ensure_browsers()?;
    }
    let skipped = if unit { Vec::new() } else { queues::ensure() };
    let tests = if unit { Some(fast_tests()?) } else { None };
    let mut counts = Counts::default();
    for packages in [NATIVE, WEB] {
        let mut command = cargo();
        command
            .args(["test", "--release", "--no-fail-fast"])
            .args(packages);
        if let Some(tests) = &tests {
            command.args(["--lib", "--bins"]);
            let tests = tests.iter().filter(|test| has(packages, &test.package));
            command.args(tests.map(|test| format!("--test={}", test.name)));
        }
        command.args(only).arg("--");
        command.args(
            skipped
                .iter()
                .map(|skipped| format!("--skip={}", skipped.test)),
        );
        counts += cargo_test(&mut command)?;
    }
    counts.ignored += skipped.len();
    Ok(counts)
}

/// An integration test.
struct Test {
    package: String,
    name: String,
}

/// The integration tests that `--unit` runs.
///
/// # Errors
/// [`SLOW`] names a test that does not exist.
fn fast_tests() -> Result<Vec<Test>> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut tests = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            if target["kind"][0] == "test" {
                tests.push(Test {
                    package: text(&package["name"]),
                    name: text(&target["name"]),
                });
            }
        }
    }
    for name in SLOW {
        if !tests.iter().any(|test| test.name == name) {
            bail!(
                "no integration test is named {name:?}; correct `SLOW` in crates/xtask/src/test.rs"
            );
        }
    }
    tests.retain(|test| !SLOW.contains(&test.name.as_str()));
    Ok(tests)
}

/// Whether cargo's package arguments select a package.
fn has(arguments: &[&str], package: &str) -> bool {
    let given = |option: &str| arguments.contains(&format!("--{option}={package}").as_str());
    if arguments.contains(&"--workspace") {
        !given("exclude")
    } else {
        given("package")
    }
}

/// Tests on the browser's target: the storage and fused products in a headless Chromium.
fn wasm(only: Option<&str>) -> Result<Counts> {
    adapter::ensure_browsers()?;
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
        .args(["--package=spat-web-store", "--package=spat-web-vectors"])
        .args(["--test=run_database", "--test=fused"])
        .args(only)
        .envs(variables)
        // It comes with wasm-bindgen's command line tool.
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            "wasm-bindgen-test-runner",
        )
        // Storing five million bytes can be slow on a busy machine.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    cargo_test(&mut command)
}

/// Runs `cargo test`, prints its output, and counts its tests. An exit without a failed test, such as a
/// compile error, counts as one failure.
fn cargo_test(command: &mut Command) -> Result<Counts> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read the output of cargo test")?;
            println!("{line}");
            counts.add(&line);
        }
    }
    if !child.wait()?.success() {
        counts.failed = counts.failed.max(1);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::has;
    use crate::{NATIVE, WEB};

    #[test]
    fn each_package_is_in_one_set() {
        let sets = |package| {
            let sets = [NATIVE, WEB];
            sets.iter().filter(|set| has(set, package)).count()
        };
        for package in ["spat-series", "spat-cli", "spat-app", "xtask"] {
            assert_eq!(sets(package), 1, "{package}");
        }
    }
}
