//! A Python with the pinned packages, outside the repository.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{root, succeed};

/// The folder of the scripts.
pub(crate) fn scripts() -> PathBuf {
    root().join("crates/xtask/python")
}

/// Python of the virtual environment in `SPAT_VENV` (by default `~/.cache/spat/venv`), which is created and
/// filled if necessary.
pub(crate) fn python() -> Result<PathBuf> {
    let folder = match std::env::var_os("SPAT_VENV") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let home = std::env::var_os("HOME")
                .context("set HOME, or SPAT_VENV to a folder for Python's packages")?;
            PathBuf::from(home).join(".cache/spat/venv")
        }
    };
    let python = folder.join("bin/python");
    if !python.is_file() {
        println!("making a virtual environment in {}", folder.display());
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    succeed(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(scripts().join("requirements.txt")),
    )?;
    Ok(python)
}
