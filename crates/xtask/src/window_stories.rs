//! The window's stories, by WebDriver on a screen that nobody sees.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::browser::counted;
use crate::counts::Counts;
use crate::{PACKAGE_SETS, adapter, cargo, root, succeed, window};

/// Builds the window and goes through its stories; where the system has no driver for it, says so.
pub(crate) fn test() -> Result<Counts> {
    if let Some(reason) = adapter::lacks_window_driver() {
        println!("left out: {reason}");
        return Ok(Counts::default());
    }
    window::build()?;
    succeed(
        cargo()
            .args(["build", "--release"])
            .args(PACKAGE_SETS[1])
            .args(["--bin", "spat"]),
    )?;
    let child = Command::new("node")
        .current_dir(root().join("tests/desktop"))
        .args(["--test", "--test-concurrency=1", "--test-reporter=tap"])
        .env("SPAT_TARGET", window::target()?)
        .stdout(Stdio::piped())
        .spawn()?;
    counted(child)
}
