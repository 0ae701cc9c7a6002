//! Packages: the web app for any host, the command line program, the desktop app for this system.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use sha2::{Digest as _, Sha256};

use crate::adapter::answers;
use crate::{cargo, debian, desktop, root, succeed, version, web};

/// The checksums' file.
const SUMS: &str = "SHA256SUMS";

/// Which packages are made.
#[derive(Args)]
pub(crate) struct DistArguments {
    /// Only this, and not everything; may be given more than once.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Fail if a package had to be left out.
    #[arg(long)]
    strict: bool,
}

/// A part of the distribution.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The web app.
    Web,
    /// The command line program.
    Cli,
    /// The desktop app.
    Desktop,
}

/// Builds and packs into `target/packages`, with the checksums of all packages there.
pub(crate) fn run(arguments: &DistArguments) -> Result<()> {
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let packages = desktop::target()?.join("packages");
    fs::create_dir_all(&packages).with_context(|| packages.display().to_string())?;
    forget_other_versions(&packages)?;
    let mut left_out = Vec::new();
    let mut too_large = Vec::new();
    if wanted(Part::Web) {
        too_large = web::dist()?;
        let name = format!("spat-web-{}.tar.gz", version());
        pack(&root(), "dist", &packages.join(name))?;
    }
    if wanted(Part::Cli) {
        if !wanted(Part::Web) {
            web::embedded()?;
        }
        command_line(&packages)?;
    }
    if wanted(Part::Desktop) {
        left_out = desktop(&packages)?;
    }
    println!("\nin {}", packages.display());
    print!("{}", checksums(&packages)?);
    for reason in &left_out {
        println!("left out: {reason}");
    }
    // Checked last, because the packages are usable.
    if !too_large.is_empty() {
        bail!(
            "everything is packed, but larger than its limit is: {}",
            too_large.join(", ")
        );
    }
    if arguments.strict && !left_out.is_empty() {
        bail!("not everything is packed: {} left out", left_out.len());
    }
    Ok(())
}

/// Removes packages of other versions, so that one version is uploaded.
fn forget_other_versions(packages: &Path) -> Result<()> {
    for file in fs::read_dir(packages)?.flatten() {
        let path = file.path();
        let other = !file.file_name().to_string_lossy().contains(version());
        if path.is_file() && other && !path.ends_with(SUMS) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn command_line(packages: &Path) -> Result<()> {
    succeed(cargo().args(["build", "--release", "--package=spat-cli"]))?;
    let program = format!("spat{}", std::env::consts::EXE_SUFFIX);
    let name = format!("spat-{}-{}", version(), host()?);
    let folder = packages.join(&name);
    fs::create_dir_all(&folder)?;
    let built = desktop::target()?.join("release").join(&program);
    fs::copy(&built, folder.join(&program)).with_context(|| built.display().to_string())?;
    for text in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root().join(text), folder.join(text)).with_context(|| text.to_owned())?;
    }
    let ending = if cfg!(windows) { "zip" } else { "tar.gz" };
    pack(packages, &name, &packages.join(format!("{name}.{ending}")))?;
    Ok(fs::remove_dir_all(folder)?)
}

/// Makes the desktop app's packages for this system; the ones that could not be made, with the reason.
fn desktop(packages: &Path) -> Result<Vec<String>> {
    let program = desktop::build()?;
    let mut left_out = Vec::new();
    if cfg!(target_os = "linux") {
        if answers("dpkg-deb") {
            debian::package(&program, packages)?;
        } else {
            left_out.push("the .deb, because `dpkg-deb` is missing".to_owned());
        }
    }
    let (kinds, names) = if cfg!(windows) {
        ("nsis", "the installer")
    } else if cfg!(target_os = "macos") {
        ("dmg", "the disk image")
    } else {
        ("appimage", "the AppImage")
    };
    if !answers("cargo-tauri") {
        left_out.push(format!(
            "{names}, because Tauri's bundler is missing; `cargo install tauri-cli --locked` has it, \
             and it fetches what it needs from its own host"
        ));
        return Ok(left_out);
    }
    let made = desktop::target()?.join("release/bundle").join(kinds);
    if made.exists() {
        // Files of an earlier version are not packed again.
        fs::remove_dir_all(&made).with_context(|| made.display().to_string())?;
    }
    let bundled = Command::new("cargo")
        .current_dir(root().join("crates/spat-desktop"))
        .args(["tauri", "bundle", "--bundles", kinds])
        .status()?;
    if !bundled.success() {
        left_out.push(format!("{names}, because `cargo tauri bundle` failed"));
        return Ok(left_out);
    }
    for file in fs::read_dir(&made).with_context(|| made.display().to_string())? {
        let path = file?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, packages.join(name))?;
        }
    }
    Ok(left_out)
}

/// Packs the folder `name` in `from`.
fn pack(from: &Path, name: &str, archive: &Path) -> Result<()> {
    succeed(
        Command::new("tar")
            .current_dir(from)
            .args(["--auto-compress", "-cf"])
            .arg(archive)
            .arg(name),
    )
}

/// The compiler's host target.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc printed no host")
}

/// Writes `SHA256SUMS`, as `sha256sum --check` reads it.
fn checksums(packages: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(packages)?
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.is_file() && !path.ends_with(SUMS))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("nothing was packed");
    }
    let mut sums = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        for byte in Sha256::digest(fs::read(&file)?) {
            write!(sums, "{byte:02x}")?;
        }
        writeln!(sums, "  {name}")?;
    }
    fs::write(packages.join(SUMS), &sums)?;
    Ok(sums)
}
