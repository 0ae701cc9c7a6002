//! Format and lints.

use std::process::Command;

use anyhow::Result;

use crate::adapter::answers;
use crate::{PACKAGE_SETS, PAGE_SET, adapter, cargo, root, succeed};

pub(crate) fn run() -> Result<()> {
    succeed(cargo().args(["fmt", "--all", "--check"]))?;
    adapter::ensure_web_view()?;
    for packages in PACKAGE_SETS.into_iter().chain([&PAGE_SET[..]]) {
        let clippy = ["clippy", "--release", "--all-targets"];
        succeed(
            cargo()
                .args(clippy)
                .args(packages)
                .args(["--", "--deny", "warnings"]),
        )?;
    }
    workflows()
}

/// The files of the public CI, which nothing else here reads.
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
