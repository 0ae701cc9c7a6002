//! The page: built, served, and made small for a host.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::adapter::answers;
use crate::{root, setup, succeed};

/// Largest compressed module of the page, bytes.
const APP_LIMIT: u64 = 400_000;

/// Largest compressed module of the engine, bytes.
const WORKER_LIMIT: u64 = 3_000_000;

/// How the page is served.
#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Port on this machine.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Open a browser.
    #[arg(long)]
    open: bool,
}

/// Sets up, builds, and serves the page on this machine, anew after every change.
pub(crate) fn serve(arguments: &ServeArguments) -> Result<()> {
    let mut trunk = trunk("serve")?;
    trunk.args(["--port", &arguments.port.to_string()]);
    if arguments.open {
        trunk.arg("--open");
    }
    succeed(&mut trunk)
}

/// Sets up and builds the page into `dist/`.
pub(crate) fn build() -> Result<()> {
    succeed(&mut trunk("build")?)
}

/// The page for any static host: built, its modules made small where `wasm-opt` is at hand, and
/// their compressed sizes held to their limits.
pub(crate) fn dist() -> Result<()> {
    build()?;
    let dist = root().join("dist");
    let mut too_large = Vec::new();
    for (start, limit) in [("spat-app", APP_LIMIT), ("spat-worker", WORKER_LIMIT)] {
        let module = module(&dist, start)?;
        optimise(&module)?;
        let plain = fs::metadata(&module)?.len();
        let Some(small) = compressed(&module)? else {
            println!(
                "{start}: {plain} bytes; `brotli` is missing, so its compressed size is unknown"
            );
            continue;
        };
        println!("{start}: {plain} bytes, {small} with brotli (limit {limit})");
        if small > limit {
            too_large.push(start);
        }
    }
    println!("the page is in {}", dist.display());
    // A program built from now on carries it: cargo looks at this file's time, and cannot watch for a
    // folder that is not there.
    fs::File::options()
        .append(true)
        .open(root().join("crates/spat-serve/build.rs"))?
        .set_modified(std::time::SystemTime::now())?;
    if !too_large.is_empty() {
        bail!("larger than its limit: {}", too_large.join(", "));
    }
    Ok(())
}

/// Trunk's subcommand `what`, with what it needs installed.
pub(crate) fn trunk(what: &str) -> Result<Command> {
    let variables = setup::ensure()?;
    let mut command = Command::new("trunk");
    command
        .current_dir(root())
        .args([what, "--release"])
        .envs(variables)
        // Trunk reads it as a flag and knows only true and false.
        .env_remove("NO_COLOR");
    Ok(command)
}

/// The module whose name starts so.
fn module(dist: &Path, start: &str) -> Result<std::path::PathBuf> {
    let found = fs::read_dir(dist)?
        .flatten()
        .map(|file| file.path())
        .find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(start) && name.ends_with(".wasm")
        });
    found.with_context(|| format!("no module {start}*.wasm in {}", dist.display()))
}

fn optimise(module: &Path) -> Result<()> {
    if !answers("wasm-opt") {
        println!("`wasm-opt` (binaryen) is missing; the modules stay as the compiler made them");
        return Ok(());
    }
    let smaller = module.with_extension("smaller");
    succeed(
        Command::new("wasm-opt")
            .args(["-O2", "--all-features", "-o"])
            .args([&smaller, &module.to_owned()]),
    )?;
    Ok(fs::rename(smaller, module)?)
}

/// Bytes under brotli, as hosts compress it.
fn compressed(module: &Path) -> Result<Option<u64>> {
    if !answers("brotli") {
        return Ok(None);
    }
    let output = Command::new("brotli")
        .args(["--best", "--stdout"])
        .arg(module)
        .output()?;
    Ok(Some(output.stdout.len() as u64))
}
