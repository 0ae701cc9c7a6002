//! What the page is built with: the wasm target, Trunk, and wasm-bindgen at the exact version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::adapter::{self, answers};
use crate::{cargo, succeed};

/// The wasm target of Rust.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Must be the version of the library in `Cargo.toml`, digit by digit.
const WASM_BINDGEN: &str = "0.2.130";

/// 0.22 needs a newer Rust than the workspace.
const TRUNK: &str = "0.21.14";

/// The name under which a system's own Rust is known to rustup.
const SYSTEM: &str = "web";

/// Installs what is missing. The variables that it returns are for every command that builds for the
/// browser.
///
/// # Errors
/// A tool is missing and cannot be had.
pub(crate) fn ensure() -> Result<Vec<(&'static str, String)>> {
    let variables = ensure_target()?;
    ensure_tool("wasm-bindgen", "wasm-bindgen-cli", WASM_BINDGEN)?;
    ensure_tool("trunk", "trunk", TRUNK)?;
    Ok(variables)
}

/// Rust for the browser: by rustup, or from Debian's packages where rustup's server is out of reach.
fn ensure_target() -> Result<Vec<(&'static str, String)>> {
    if has_std(&sysroot(None)) {
        return Ok(Vec::new());
    }
    let system = vec![("RUSTUP_TOOLCHAIN", SYSTEM.to_owned())];
    if has_std(&sysroot(Some(SYSTEM))) {
        return Ok(system);
    }
    println!("adding Rust's target {TARGET}");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status()
        .is_ok_and(|status| status.success());
    if added {
        return Ok(Vec::new());
    }
    if !answers("apt-get") {
        bail!(
            "Rust's target {TARGET} is missing and rustup could not add it; try \
             `rustup target add {TARGET}` when its server can be reached"
        );
    }
    println!("rustup could not; building the target's library from Debian's packages");
    adapter::install(&["rustc-web", "cargo-web", "rust-web-src", "lld-22"])?;
    build_std()?;
    succeed(Command::new("rustup").args(["toolchain", "link", SYSTEM, "/usr"]))?;
    Ok(system)
}

/// Where a toolchain's files are.
fn sysroot(toolchain: Option<&str>) -> PathBuf {
    let mut command = Command::new("rustc");
    command.args(["--print", "sysroot"]);
    if let Some(toolchain) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    let output = command.output().map(|output| output.stdout);
    PathBuf::from(String::from_utf8_lossy(&output.unwrap_or_default()).trim())
}

fn has_std(sysroot: &Path) -> bool {
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    library.read_dir().is_ok_and(|files| {
        files
            .flatten()
            .any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// Debian has the compiler and the library's source, but not the library for this target.
fn build_std() -> Result<()> {
    let rustlib = Path::new("/usr/lib/rustlib");
    let linker = rustlib.join("x86_64-unknown-linux-gnu/bin/rust-lld");
    if !linker.exists() {
        #[cfg(unix)]
        std::os::unix::fs::symlink("/usr/bin/lld-22", &linker)
            .with_context(|| linker.display().to_string())?;
    }
    let folder = std::env::temp_dir().join("spat-wasm-std");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    fs::write(folder.join("src/lib.rs"), "")?;
    succeed(
        Command::new("/usr/bin/cargo")
            .current_dir(&folder)
            .args(["build", "--release", "--target", TARGET])
            .arg("-Zbuild-std=std,panic_abort,proc_macro,test")
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            // The page is linked with optimisation across crates, which needs their bitcode.
            .env("RUSTFLAGS", "-C embed-bitcode=yes")
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("RUSTUP_TOOLCHAIN"),
    )?;
    let library = rustlib.join(TARGET).join("lib");
    fs::create_dir_all(&library).with_context(|| library.display().to_string())?;
    let built = folder.join("target").join(TARGET).join("release/deps");
    for file in fs::read_dir(&built)?.flatten() {
        if file
            .path()
            .extension()
            .is_some_and(|ending| ending == "rlib")
        {
            fs::copy(file.path(), library.join(file.file_name()))?;
        }
    }
    Ok(())
}

/// A program of exactly this version, from source where need be.
fn ensure_tool(program: &str, package: &str, version: &str) -> Result<()> {
    let found = Command::new(program).arg("--version").output();
    let fits = found.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .any(|word| word == version)
    });
    if fits {
        return Ok(());
    }
    println!("installing {package} {version}");
    let install = || {
        let mut command = cargo();
        command
            .args(["install", package, "--version", version, "--quiet"])
            // Optimisation across crates would take minutes for a tool that waits for others.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command
    };
    // A lock file may name a release that was withdrawn since, and without one a newer release of some
    // dependency may not fit: whichever works.
    succeed(install().arg("--locked")).or_else(|_| succeed(&mut install()))
}
