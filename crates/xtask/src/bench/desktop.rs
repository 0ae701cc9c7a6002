//! The desktop app and the command line in turn, and the memory of the app at rest.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{desktop, desktop_tests, root, succeed};

/// Builds both programs and measures them with `tests/desktop/bench.mjs`, each on `threads` threads.
pub(super) fn run(rounds: usize, threads: usize) -> Result<()> {
    if let Some(reason) = desktop_tests::build()? {
        bail!(reason);
    }
    succeed(
        Command::new("node")
            .current_dir(root().join("tests/desktop"))
            .args(["bench.mjs", &rounds.to_string()])
            .env("RAYON_NUM_THREADS", threads.to_string())
            .env("SPAT_TARGET", desktop::target()?),
    )
}
