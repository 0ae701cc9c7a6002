//! End-to-end tests of the desktop app, by WebDriver on a virtual display.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::browser::counted;
use crate::counts::Counts;
use crate::{PACKAGE_SETS, adapter, cargo, root, succeed, window};

/// Builds the window and the command line program beside it; or says why the system cannot drive a
/// window.
pub(crate) fn build() -> Result<Option<String>> {
    let lack = adapter::lacks_window_driver();
    if lack.is_some() {
        return Ok(lack);
    }
    window::build()?;
    succeed(
        cargo()
            .args(["build", "--release"])
            .args(PACKAGE_SETS[1])
            .args(["--bin", "spat"]),
    )?;
    Ok(None)
}

/// Runs the desktop app's end-to-end tests; where the system has no driver for it, prints the reason.
pub(crate) fn test() -> Result<Counts> {
    if let Some(reason) = build()? {
        println!("left out: {reason}");
        return Ok(Counts::default());
    }
    let child = Command::new("node")
        .current_dir(root().join("tests/desktop"))
        .args(["--test", "--test-concurrency=1", "--test-reporter=tap"])
        .env("SPAT_TARGET", window::target()?)
        .stdout(Stdio::piped())
        .spawn()?;
    counted(child)
}
