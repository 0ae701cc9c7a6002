//! Format and lints.

use anyhow::Result;

use crate::{PACKAGE_SETS, PAGE_SET, adapter, cargo, succeed};

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
    Ok(())
}
