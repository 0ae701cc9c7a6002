//! `cargo xtask lint`: format, lints, documentation, dependencies and workflow files.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::adapter::{self, answers, is_on_path};
use crate::{NATIVE, WEB, cargo, root, succeed};

pub(crate) fn run() -> Result<()> {
    succeed(cargo().args(["fmt", "--all", "--check"]))?;
    catalogues()?;
    adapter::ensure_web_view()?;
    for packages in [NATIVE, WEB] {
        let clippy = ["clippy", "--release", "--all-targets"];
        succeed(
            cargo()
                .args(clippy)
                .args(packages)
                .args(["--", "--deny", "warnings"]),
        )?;
        succeed(
            cargo()
                .args(["doc", "--release", "--no-deps"])
                .args(packages)
                .env("RUSTDOCFLAGS", "--deny warnings"),
        )?;
    }
    features()?;
    dependencies()?;
    workflows()
}

/// Whether cargo compiles Burn the same for every selection of native packages: Burn and what it depends on
/// must have the features of the whole workspace also for `spat-gpu` alone, which every package with Burn
/// contains. Other systems than Linux have other dependencies.
fn features() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let whole = units_of_burn("test", NATIVE)?;
    let alone = units_of_burn("build", &["--package=spat-gpu"])?;
    let differing: Vec<_> = alone.difference(&whole).map(String::as_str).collect();
    if !differing.is_empty() {
        bail!(
            "Burn would be compiled again for single packages, because the workspace has other features of \
             these dependencies; add them to `crates/spat-gpu/Cargo.toml`:\n{}",
            differing.join("\n")
        );
    }
    Ok(())
}

/// What cargo compiles for Burn when a command selects some packages, a line per package, target and features.
fn units_of_burn(command: &str, packages: &[&str]) -> Result<BTreeSet<String>> {
    let output = cargo()
        .args([command, "--release", "--locked"])
        .args(packages)
        // `cargo tree` does not show the features of build dependencies apart, so cargo's own plan is read.
        .args(["--unit-graph", "-Zunstable-options"])
        .env("RUSTC_BOOTSTRAP", "1")
        .output()?;
    if !output.status.success() {
        bail!(
            "cargo's unit graph failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let graph: UnitGraph = serde_json::from_slice(&output.stdout)?;
    let mut left: Vec<usize> = (0..graph.units.len())
        .filter(|&index| {
            ["burn", "burn_cubecl", "burn_flex"].contains(&&*graph.units[index].target.name)
        })
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(index) = left.pop() {
        if seen.insert(index) {
            left.extend(
                graph.units[index]
                    .dependencies
                    .iter()
                    .map(|unit| unit.index),
            );
        }
    }
    let lines = seen.into_iter().map(|index| {
        let unit = &graph.units[index];
        format!(
            "{} {} with [{}]",
            unit.pkg_id,
            unit.target.name,
            unit.features.join(", ")
        )
    });
    Ok(lines.collect())
}

/// The parts that are read of cargo's unit graph.
#[derive(Deserialize)]
struct UnitGraph {
    units: Vec<Unit>,
}

/// One call of the compiler.
#[derive(Deserialize)]
struct Unit {
    pkg_id: String,
    target: UnitTarget,
    features: Vec<String>,
    dependencies: Vec<UnitDependency>,
}

#[derive(Deserialize)]
struct UnitTarget {
    name: String,
}

#[derive(Deserialize)]
struct UnitDependency {
    index: usize,
}

/// The format of the catalogues' files: `cargo fmt` does not see modules that a macro declares.
fn catalogues() -> Result<()> {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024", "--check"]);
    for folder in [
        "crates/spat-spec/src/models",
        "crates/spat-model/src/models",
        "crates/spat-prune/src/scorers",
    ] {
        for entry in std::fs::read_dir(root().join(folder))? {
            command.arg(entry?.path());
        }
    }
    succeed(&mut command)
}

/// Licences, sources and bans of `deny.toml`, where cargo-deny is installed, as in the public CI. Advisories
/// have a workflow of their own: their database is on a host that not every machine reaches.
fn dependencies() -> Result<()> {
    if !is_on_path("cargo-deny") {
        println!(
            "left out: the dependencies' licences, because cargo-deny is missing; `cargo install cargo-deny` has it"
        );
        return Ok(());
    }
    succeed(cargo().args(["deny", "--locked", "check", "bans", "licenses", "sources"]))
}

/// The files of the public CI.
fn workflows() -> Result<()> {
    if !answers("npm") {
        println!("left out: the workflow files, because `npm` is missing, which has their linter");
        return Ok(());
    }
    let folder = root().join("tests/workflows");
    let quietly = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    succeed(Command::new("npm").current_dir(&folder).args(quietly))?;
    succeed(Command::new("node").current_dir(&folder).arg("lint.mjs"))
}
