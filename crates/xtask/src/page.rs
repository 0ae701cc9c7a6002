//! The page: built, served, and made small for a host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::adapter::answers;
use crate::{root, setup, succeed};

/// A module of the page and its largest compressed size in bytes.
struct Module {
    start: &'static str,
    limit: u64,
}

const MODULES: [Module; 2] = [
    Module {
        start: "spat-app",
        limit: 400_000,
    },
    Module {
        start: "spat-worker",
        limit: 3_000_000,
    },
];

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
///
/// No `wasm-opt`: after the compiler's link-time optimisation binaryen 132 saves one per cent of the
/// page's module under brotli (`-O1`; with `-Oz` it is larger, though a sixth smaller uncompressed), and
/// the versions that distributions carry break the tables of references.
pub(crate) fn build() -> Result<()> {
    succeed(&mut trunk("build")?)
}

/// The page for any static host: built, and its modules weighed; those that are larger, compressed, than
/// they may be.
pub(crate) fn dist() -> Result<Vec<&'static str>> {
    build()?;
    let mut too_large = Vec::new();
    for module in &MODULES {
        let (start, limit) = (module.start, module.limit);
        let path = module.path()?;
        let plain = fs::metadata(&path)?.len();
        let Some(small) = compressed(&path)? else {
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
    println!("the page is in {}", dist_folder().display());
    carry()?;
    Ok(too_large)
}

/// Builds the page for the program, which carries what `spat serve` hands out: always anew, as what lies
/// in `dist/` may be an older one.
pub(crate) fn carried() -> Result<()> {
    build()?;
    carry()
}

/// A program built from now on carries the page: cargo looks at this file's time, and cannot watch for a
/// folder that is not there.
fn carry() -> Result<()> {
    let watched = root().join("crates/spat-serve/build.rs");
    let watched = fs::File::options().append(true).open(watched)?;
    Ok(watched.set_modified(std::time::SystemTime::now())?)
}

fn dist_folder() -> PathBuf {
    root().join("dist")
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

impl Module {
    /// Where it was built.
    fn path(&self) -> Result<PathBuf> {
        let dist = dist_folder();
        let found = fs::read_dir(&dist)?
            .flatten()
            .map(|file| file.path())
            .find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(self.start) && name.ends_with(".wasm")
            });
        found.with_context(|| format!("no module {}*.wasm in {}", self.start, dist.display()))
    }
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
