//! Builds and opens the desktop app.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{adapter, cargo, root, succeed, web};

/// Arguments of `cargo xtask desktop`.
#[derive(Args)]
pub(crate) struct DesktopArguments {
    /// Table to open in it.
    table: Option<PathBuf>,
    /// Build without opening.
    #[arg(long)]
    build: bool,
}

/// Builds the desktop app and opens it.
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

/// Builds the app's page and the program that embeds it.
pub(crate) fn build() -> Result<PathBuf> {
    adapter::ensure_web_view()?;
    build_page()?;
    succeed(cargo().args(["build", "--release", "--package=spat-desktop"]))?;
    let name = format!("spat-desktop{}", std::env::consts::EXE_SUFFIX);
    Ok(target()?.join("release").join(name))
}

/// Builds the web app into `dist-window/`, without the browser's engine: the desktop app has a native one.
fn build_page() -> Result<()> {
    let whole = fs::read_to_string(root().join("index.html")).context("index.html")?;
    let without: String = whole
        .split_inclusive('\n')
        .filter(|line| !line.contains("spat-worker"))
        .collect();
    let entry = root().join("window.html");
    fs::write(&entry, without).with_context(|| entry.display().to_string())?;
    let built = web::trunk("build").and_then(|mut trunk| {
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

/// Cargo's target folder.
pub(crate) fn target() -> Result<PathBuf> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()?;
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    facts["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo printed no target folder")
}
