//! The project's chores, one subcommand each. `cargo xtask --help` lists them.
#![allow(clippy::print_stdout)] // Chores talk to the person who runs them.

mod adapter;
mod bench;
mod browser;
mod counts;
mod debian;
mod dist;
mod examples;
mod lint;
mod page;
mod python;
mod reference;
mod setup;
mod test;
mod window;
mod window_tests;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what the page is built with: the wasm target, Trunk, wasm-bindgen.
    Setup,
    /// Set up, build and serve the page on this machine.
    Serve(page::ServeArguments),
    /// Build the page into `dist/`, for any static host, and pack it, the command line program and
    /// the desktop program, with checksums.
    Dist(dist::DistArguments),
    /// Build the desktop program and open its window.
    Desktop(window::DesktopArguments),
    /// Run every test of the workspace and print how many passed.
    Test,
    /// Check the format and the lints, warnings denied.
    Lint,
    /// Time this program beside PyTorch: steps, forecasts, sweeps of test windows, the SEND reduction; or
    /// beside TensorFlow.js, or its window beside its command line; or say where a step's time goes.
    Bench(bench::BenchArguments),
    /// Make the PyTorch references of the tests anew.
    Reference,
    /// Make the finished runs that come with the page anew.
    Examples,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Setup => setup::ensure().map(drop),
        Chore::Serve(arguments) => page::serve(&arguments),
        Chore::Dist(arguments) => dist::run(&arguments),
        Chore::Desktop(arguments) => window::run(&arguments),
        Chore::Test => test::run(),
        Chore::Lint => lint::run(),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Reference => reference::run(),
        Chore::Examples => examples::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace in two cargo calls. `csv`, against which `spat-series` is tested, switches on a
/// feature of `serde_core` that nothing else does; in one call it would make cargo compile Burn a
/// second time, beside the copy that `cargo run` uses.
///
/// The page's packages are for the browser alone; see [`page`].
const PACKAGE_SETS: [&[&str]; 2] = [
    &["--package", "spat-series"],
    &[
        "--workspace",
        "--exclude=spat-series",
        "--exclude=spat-app",
        "--exclude=spat-wire",
        "--exclude=spat-web-store",
        "--exclude=spat-web-vectors",
        "--exclude=spat-worker",
    ],
];

/// The packages of the page that build without Burn: linted and unit-tested on this machine's target.
const PAGE_SET: [&str; 4] = [
    "--package=spat-app",
    "--package=spat-wire",
    "--package=spat-web-store",
    "--package=spat-web-vectors",
];

/// The repository's root.
///
/// Asked at run time: two clones that share a target folder share this binary too.
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
