//! Build and maintenance commands of the repository. `cargo xtask --help` lists them.
#![allow(clippy::print_stdout)] // A command line program.

mod adapter;
mod bench;
mod counts;
mod debian;
mod desktop;
mod desktop_tests;
mod dist;
mod examples;
mod guide;
mod lint;
mod python;
mod queues;
mod reference;
mod setup;
mod test;
mod web;
mod web_tests;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

/// Build and maintenance commands of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install the web app's build tools: the wasm target, Trunk, wasm-bindgen.
    Setup,
    /// Install the build tools, build the web app, and serve it on this machine.
    Serve(web::ServeArguments),
    /// Build the web app into `dist/`, for any static host, and pack it, the command line program and the
    /// desktop app, with checksums.
    Dist(dist::DistArguments),
    /// Build the desktop app and open it.
    Desktop(desktop::DesktopArguments),
    /// Run every test of the workspace, or a part of them, and print how many passed.
    ///
    /// Without an option: unit, integration and documentation tests, the examples of CONTRIBUTING.md, tests on the
    /// browser's target, and end-to-end tests of the web app and the desktop app.
    Test(test::TestArguments),
    /// Add the examples of CONTRIBUTING.md, a model and a scorer, to a copy of the repository and run the tests
    /// that it names there. Part of `test`.
    Guide,
    /// Check the format, lints and documentation, warnings denied, and the dependencies' licences.
    Lint,
    /// Measure this program and PyTorch in turn: training steps, forecasts, sweeps of test windows, the SEND
    /// reduction; or TensorFlow.js; or the desktop app and the command line; or profile a step.
    Bench(bench::BenchArguments),
    /// Make the tests' PyTorch references again.
    Reference,
    /// Make the web app's example runs again.
    Examples,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Setup => setup::ensure().map(drop),
        Task::Serve(arguments) => web::serve(&arguments),
        Task::Dist(arguments) => dist::run(&arguments),
        Task::Desktop(arguments) => desktop::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
        Task::Guide => guide::run(),
        Task::Lint => lint::run(),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Reference => reference::run(),
        Task::Examples => examples::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Cargo's arguments for the packages that run natively. Their features are unified by `spat-gpu`, so a
/// command for one of them reuses the Burn that a command for all has compiled; [`lint`] checks it.
const NATIVE: &[&str] = &[
    "--workspace",
    "--exclude=spat-app",
    "--exclude=spat-web-reader",
    "--exclude=spat-web-store",
    "--exclude=spat-web-vectors",
    "--exclude=spat-worker",
];

/// The packages of the web app that build natively, without Burn: linted and unit-tested here too.
const WEB: &[&str] = &[
    "--package=spat-app",
    "--package=spat-web-store",
    "--package=spat-web-vectors",
];

/// The repository's root.
///
/// Determined at run time, since clones that share a target folder share this binary.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).to_owned())
        .join("../..")
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command to its end.
fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} failed with {status}", command.get_program());
    }
    Ok(())
}

/// The workspace's version.
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
