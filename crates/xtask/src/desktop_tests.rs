//! End-to-end tests of the desktop app, by WebDriver on a virtual display.

use anyhow::Result;

use crate::counts::Counts;
use crate::web_tests::{counted, node};
use crate::{adapter, cargo, desktop, root, succeed};

/// Builds the desktop app and the command line program; or the reason why the system cannot drive
/// the app.
pub(crate) fn build() -> Result<Option<String>> {
    let lack = adapter::lacks_window_driver();
    if lack.is_some() {
        return Ok(lack);
    }
    desktop::build()?;
    succeed(cargo().args(["build", "--release", "--package=spat-cli"]))?;
    Ok(None)
}

/// Runs the desktop app's end-to-end tests; where the system has no driver for it, prints the reason.
pub(crate) fn test(only: Option<&str>) -> Result<Counts> {
    let Some(mut command) = node(&root().join("tests/desktop"), only)? else {
        return Ok(Counts::default());
    };
    adapter::ensure_browsers()?;
    if let Some(reason) = build()? {
        println!("left out: {reason}");
        return Ok(Counts::default());
    }
    counted(command.env("SPAT_TARGET", desktop::target()?), only)
}
