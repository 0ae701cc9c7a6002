//! The desktop program: its page, its binary, and what both need.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{PACKAGE_SETS, adapter, cargo, page, root, succeed};

/// How the window is opened.
#[derive(Args)]
pub(crate) struct DesktopArguments {
    /// A table to open in it.
    table: Option<PathBuf>,
    /// Build it and do not open it.
    #[arg(long)]
    build: bool,
}

/// Builds the page and the program, and opens the window.
pub(crate) fn run(arguments: &DesktopArguments) -> Result<()> {
    let program = build()?;
    println!("the program is {}", program.display());
    if arguments.build {
        return Ok(());
    }
    let mut window = Command::new(program);
    if let Some(table) = &arguments.table {
        window.arg(std::path::absolute(table)?);
    }
    succeed(&mut window)
}

/// Builds the page for the window, and the program around it.
pub(crate) fn build() -> Result<PathBuf> {
    adapter::ensure_web_view()?;
    build_page()?;
    // The whole set, so that cargo compiles Burn as it does for everything else.
    succeed(
        cargo()
            .args(["build", "--release"])
            .args(PACKAGE_SETS[1])
            .args(["--bin", "spat-desktop"]),
    )?;
    let name = format!("spat-desktop{}", std::env::consts::EXE_SUFFIX);
    Ok(target()?.join("release").join(name))
}

/// The page without the browser's engine, whose module takes long to build and which the window has
/// natively, into `dist-window/`.
fn build_page() -> Result<()> {
    let whole = fs::read_to_string(root().join("index.html")).context("index.html")?;
    let without: String = whole
        .split_inclusive('\n')
        .filter(|line| !line.contains("spat-worker"))
        .collect();
    let entry = root().join("window.html");
    fs::write(&entry, without).with_context(|| entry.display().to_string())?;
    let built = page::trunk("build").and_then(|mut trunk| {
        succeed(trunk.args([
            "--dist",
            "dist-window",
            "--html-output",
            "index.html",
            "window.html",
        ]))
    });
    fs::remove_file(&entry).ok();
    built
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()?;
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    facts["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo does not tell its target folder")
}
