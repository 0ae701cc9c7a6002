//! `cargo xtask lint`: format, lints, documentation, dependencies and workflow files.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, bail};

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

/// Whether cargo compiles Burn the same for every selection of native packages: the features of Burn's
/// dependencies must be those of the whole workspace also for `spat-gpu` alone, which every package with
/// Burn contains. Other systems than Linux have other dependencies.
fn features() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let whole = tree(NATIVE, "{p} {f}")?;
    let burn = tree(
        &[
            "--package=burn",
            "--package=burn-cubecl",
            "--package=burn-flex",
        ],
        "{p}",
    )?;
    let alone = tree(&["--package=spat-gpu"], "{p} {f}")?;
    let differing: Vec<_> = alone
        .difference(&whole)
        .filter(|line| {
            burn.iter().any(|package| {
                let features = line.strip_prefix(package.as_str());
                features.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
        })
        .map(String::as_str)
        .collect();
    if !differing.is_empty() {
        bail!(
            "Burn would be compiled again for single packages, because the workspace has other features of \
             these dependencies; add them to `crates/spat-gpu/Cargo.toml`:\n{}",
            differing.join("\n")
        );
    }
    Ok(())
}

/// The lines of `cargo tree` for some packages.
fn tree(packages: &[&str], format: &str) -> Result<BTreeSet<String>> {
    let output = cargo()
        .args(["tree", "--quiet", "--locked", "--prefix=none"])
        .args(["--edges=normal,build,dev", "--format", format])
        .args(packages)
        .output()?;
    if !output.status.success() {
        bail!(
            "cargo tree failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim_end().to_owned());
    Ok(lines.collect())
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
