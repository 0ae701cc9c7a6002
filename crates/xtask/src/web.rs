//! The web app: built, served, and its modules' sizes checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::adapter::answers;
use crate::{root, setup, succeed};

/// A WebAssembly module of the web app and its largest compressed size in bytes.
struct Module {
    start: &'static str,
    limit: u64,
}

const MODULES: [Module; 3] = [
    Module {
        start: "spat-app",
        limit: 700_000,
    },
    Module {
        start: "spat-worker",
        limit: 4_000_000,
    },
    Module {
        start: "spat-reader",
        limit: 1_500_000,
    },
];

/// Arguments of `cargo xtask serve`.
#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Port on this computer.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Open a browser.
    #[arg(long)]
    open: bool,
}

/// Installs the build tools, builds the web app and serves it on this machine, and rebuilds it after every change.
pub(crate) fn serve(arguments: &ServeArguments) -> Result<()> {
    let mut trunk = trunk("serve")?;
    announce_build();
    println!("when it is built: http://127.0.0.1:{}", arguments.port);
    trunk.args(["--port", &arguments.port.to_string()]);
    if arguments.open {
        trunk.arg("--open");
    }
    succeed(&mut trunk)
}

/// Installs the build tools and builds the web app into `dist/`.
///
/// No `wasm-opt`: after the compiler's link-time optimisation binaryen 132 saves one per cent of the
/// app's module under brotli (`-O1`; with `-Oz` it is larger, though a sixth smaller uncompressed), and
/// the versions that distributions carry break the tables of references.
pub(crate) fn build() -> Result<()> {
    let mut trunk = trunk("build")?;
    announce_build();
    succeed(&mut trunk)
}

/// What the next command does, and how long it takes.
fn announce_build() {
    println!(
        "building the web app and its engine as WebAssembly: about 15 minutes on two cores the first time, \
         later only what changed"
    );
}

/// Builds the web app for any static host and prints its modules' sizes; the modules that exceed their limit.
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
    println!("the web app is in {}", dist_folder().display());
    embed()?;
    Ok(too_large)
}

/// Builds the web app for embedding in `spat`, always: `dist/` may hold an older one.
pub(crate) fn embedded() -> Result<()> {
    build()?;
    embed()
}

/// Makes cargo embed the new web app: it watches this file's time, since it cannot watch for a missing folder.
fn embed() -> Result<()> {
    let watched = root().join("crates/spat-serve/build.rs");
    let watched = fs::File::options().append(true).open(watched)?;
    Ok(watched.set_modified(std::time::SystemTime::now())?)
}

fn dist_folder() -> PathBuf {
    root().join("dist")
}

/// Trunk's subcommand `what`; installs the build tools.
pub(crate) fn trunk(what: &str) -> Result<Command> {
    let variables = setup::ensure()?;
    let mut command = Command::new("trunk");
    command
        .current_dir(root())
        .args([what, "--release"])
        .envs(variables)
        // Trunk parses it as a flag with the values true and false.
        .env_remove("NO_COLOR");
    Ok(command)
}

impl Module {
    /// The path of the built module.
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
