//! Build tools of the web app: Rust's wasm target, wasm-bindgen at the exact version, and Trunk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::adapter::{self, answers, is_on_path};
use crate::{cargo, succeed};

/// The wasm target of Rust.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The web app's build tools, in the order of their installation.
const TOOLS: [Tool; 2] = [
    Tool {
        program: "wasm-bindgen",
        package: "wasm-bindgen-cli",
        // The version of the library in `Cargo.toml`, digit by digit.
        version: "0.2.130",
        accepted: "0.2.130",
        minutes: 3,
    },
    Tool {
        program: "trunk",
        package: "trunk",
        // 0.22 needs a newer Rust than the workspace.
        version: "0.21.14",
        accepted: "0.21.",
        minutes: 5,
    },
];

/// Name of the rustup toolchain that links to Debian's Rust.
const SYSTEM: &str = "web";

/// A program from crates.io.
struct Tool {
    program: &'static str,
    package: &'static str,
    /// The version that is installed.
    version: &'static str,
    /// Start of the versions that are used if they are installed already.
    accepted: &'static str,
    /// Time of a build from source on two cores.
    minutes: u32,
}

/// Environment variables for the commands that build for the browser.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// Installs what is missing, and prints beforehand what that is and how long it takes.
///
/// # Errors
/// A tool is missing and every way to install it failed.
pub(crate) fn ensure() -> Result<Variables> {
    let target = installed_target();
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !tool.is_installed()).collect();
    if target.is_none() || !missing.is_empty() {
        println!("The web app's build tools are installed first, once:");
        if target.is_none() {
            println!(
                "- {TARGET}, Rust's target for browsers: under a minute by rustup, about three \
                 from Debian's packages"
            );
        }
        for tool in &missing {
            println!("- {}", tool.announcement());
        }
    }
    let variables = match target {
        Some(variables) => variables,
        None => timed(TARGET, install_target)?,
    };
    for tool in missing {
        timed(tool.package, || tool.install())?;
    }
    Ok(variables)
}

/// Runs a step of the installation and prints how long it took.
fn timed<T>(name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("installing {name} …");
    let start = Instant::now();
    let result = step()?;
    println!("installed {name} in {} s", start.elapsed().as_secs());
    Ok(result)
}

/// Runs a command without showing its output; returns its stderr if it failed.
fn attempt(command: &mut Command) -> Result<(), String> {
    let shown = format!("$ {command:?}");
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "{shown}\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        )),
        Err(error) => Err(format!("{shown}\n{error}")),
    }
}

/// The variables with which the wasm target can be used, if some toolchain has it.
fn installed_target() -> Option<Variables> {
    if has_std(&sysroot(None)) {
        return Some(Vec::new());
    }
    has_std(&sysroot(Some(SYSTEM))).then(system)
}

/// Selects Debian's toolchain.
fn system() -> Variables {
    vec![("RUSTUP_TOOLCHAIN", SYSTEM.to_owned())]
}

/// Installs the wasm target by rustup, or from Debian's packages where rustup's server cannot be reached.
fn install_target() -> Result<Variables> {
    let added = attempt(Command::new("rustup").args(["target", "add", TARGET]));
    let Err(failure) = added else {
        return Ok(Vec::new());
    };
    if !answers("apt-get") {
        bail!("rustup could not add Rust's target {TARGET}; try again with a network\n{failure}");
    }
    println!("rustup could not add {TARGET}; building its library from Debian's packages");
    adapter::install(&["rustc-web", "cargo-web", "rust-web-src", "lld-22"])
        .and_then(|()| build_std())
        .and_then(|()| succeed(Command::new("rustup").args(["toolchain", "link", SYSTEM, "/usr"])))
        .with_context(|| failure)?;
    Ok(system())
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
            // The app is built with link-time optimisation, which needs bitcode.
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

impl Tool {
    /// Whether the program is on the PATH in an accepted version.
    fn is_installed(&self) -> bool {
        let output = Command::new(self.program).arg("--version").output();
        output.is_ok_and(|output| accepts(&String::from_utf8_lossy(&output.stdout), self.accepted))
    }

    /// What is installed and how long that takes.
    fn announcement(&self) -> String {
        format!(
            "{} {}: about {} minutes from source on two cores, seconds if cargo-binstall has it",
            self.package, self.version, self.minutes
        )
    }

    /// Installs the program: as a binary by cargo-binstall, or from source.
    fn install(&self) -> Result<()> {
        let mut failures = Vec::new();
        if is_on_path("cargo-binstall") {
            let package = format!("{}@{}", self.package, self.version);
            let mut binstall = cargo();
            binstall.args([
                "binstall",
                "--no-confirm",
                "--disable-strategies",
                "compile",
            ]);
            match attempt(binstall.arg(package)) {
                Ok(()) if self.is_installed() => return Ok(()),
                Ok(()) => {}
                Err(failure) => failures.push(failure),
            }
        }
        // The lock file may name a release that was withdrawn since; without it, a newer release of a
        // dependency may not compile.
        for locked in [true, false] {
            let mut install = cargo();
            install
                .args([
                    "install",
                    self.package,
                    "--version",
                    self.version,
                    "--quiet",
                ])
                // Link-time optimisation takes minutes and gains nothing for a build tool.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
            if locked {
                install.arg("--locked");
            }
            match attempt(&mut install) {
                Ok(()) => return Ok(()),
                Err(failure) => failures.push(failure),
            }
        }
        bail!(
            "cannot install {} {}\n{}",
            self.package,
            self.version,
            failures.join("\n")
        )
    }
}

/// Whether what a program prints for `--version` has an accepted version.
fn accepts(printed: &str, accepted: &str) -> bool {
    printed
        .split_whitespace()
        .any(|word| word == accepted || accepted.ends_with('.') && word.starts_with(accepted))
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn an_exact_version_or_a_series_is_accepted() {
        assert!(accepts("wasm-bindgen 0.2.130\n", "0.2.130"));
        assert!(!accepts("wasm-bindgen 0.2.13\n", "0.2.130"));
        assert!(!accepts("wasm-bindgen 0.2.1301\n", "0.2.130"));
        assert!(accepts("trunk 0.21.15\n", "0.21."));
        assert!(!accepts("trunk 0.22.1\n", "0.21."));
    }
}
