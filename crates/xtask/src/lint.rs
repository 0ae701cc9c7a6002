//! Format and lints.

use anyhow::Result;

use crate::{PACKAGE_SETS, cargo, succeed};

pub(crate) fn run() -> Result<()> {
    succeed(cargo().args(["fmt", "--all", "--check"]))?;
    for packages in PACKAGE_SETS {
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
