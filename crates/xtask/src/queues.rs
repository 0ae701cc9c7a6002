//! Queueing systems for the tests of studies on many machines: Slurm from Debian's packages, HyperQueue from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::adapter::{answers, install, is_on_path};
use crate::succeed;

/// Slurm's programs and Debian's packages.
const SLURM: [(&str, &str); 4] = [
    ("slurmctld", "slurmctld"),
    ("slurmd", "slurmd"),
    ("sbatch", "slurm-client"),
    ("munged", "munge"),
];

/// HyperQueue's Python package, which contains its scheduler.
const HYPERQUEUE: &str = "hyperqueue==0.27.0";

/// A test that cannot run here.
pub(crate) struct Skipped {
    /// The start of its name.
    pub(crate) test: &'static str,
    reason: String,
}

/// Installs the queueing systems. Returns the tests of those that cannot be installed, after printing why.
pub(crate) fn ensure() -> Vec<Skipped> {
    let mut skipped = Vec::new();
    if let Err(error) = ensure_slurm() {
        skipped.push(Skipped {
            test: "slurm::",
            reason: format!("{error:#}"),
        });
    }
    if let Err(error) = ensure_hyperqueue() {
        skipped.push(Skipped {
            test: "hyperqueue::",
            reason: format!("{error:#}"),
        });
    }
    for Skipped { test, reason } in &skipped {
        println!("skipped: tests {test} of spat-cli, because {reason}");
    }
    skipped
}

fn ensure_slurm() -> Result<()> {
    let is_there = |program: &str| {
        let system = Path::new("/usr/sbin").join(program);
        is_on_path(program) || system.is_file()
    };
    let missing: Vec<&str> = SLURM
        .into_iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let named = || format!("Debian's packages are missing: {}", missing.join(", "));
    if !answers("apt-get") {
        return Err(anyhow::anyhow!(named()));
    }
    install(&missing).with_context(named)
}

/// A virtual environment at the place where the test looks for it.
fn ensure_hyperqueue() -> Result<()> {
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    let folder = PathBuf::from(home).join(".cache/spat/hyperqueue");
    let python = folder.join("bin/python");
    let has_package = || {
        let imported = Command::new(&python)
            .args(["-c", "import hyperqueue"])
            .output();
        imported.is_ok_and(|output| output.status.success())
    };
    if std::env::var_os("SPAT_HYPERQUEUE_PYTHON").is_some() || has_package() {
        return Ok(());
    }
    println!("installing {HYPERQUEUE}");
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))
        .context("Python cannot make a virtual environment")?;
    let options = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    succeed(Command::new(&python).args(options).arg(HYPERQUEUE))
        .with_context(|| format!("{HYPERQUEUE} cannot be installed from PyPI"))
}
