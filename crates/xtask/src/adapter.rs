//! Installs what the tests need: a software Vulkan device if there is no GPU, Chromium with its driver,
//! Firefox, and Node.js.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::succeed;

/// Folders in which the Vulkan loader looks for drivers on Linux.
const DRIVERS: [&str; 3] = [
    "/usr/share/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
];

/// Program names of Chromium.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Program names of Firefox.
const FIREFOX: [&str; 2] = ["firefox-esr", "firefox"];

/// Installs Mesa's lavapipe where Linux has no Vulkan driver; other systems bring a device.
///
/// # Errors
/// There is none and it cannot be installed.
pub(crate) fn ensure_vulkan() -> Result<()> {
    if !cfg!(target_os = "linux") || has_driver() {
        return Ok(());
    }
    install_or_name(&["mesa-vulkan-drivers", "libvulkan1"], "a Vulkan driver")
}

/// Installs Chromium, its driver, Node.js and Firefox where they are missing.
///
/// # Errors
/// One of them other than Firefox is missing and cannot be installed.
pub(crate) fn ensure_browsers() -> Result<()> {
    ensure_firefox();
    let mut missing = Vec::new();
    if !BROWSERS.iter().any(|name| answers(name)) {
        missing.push("chromium");
    }
    if !answers("chromedriver") {
        missing.push("chromium-driver");
    }
    if !answers("npm") {
        missing.extend(["nodejs", "npm"]);
    }
    if missing.is_empty() {
        return Ok(());
    }
    install_or_name(
        &missing,
        "Chromium, its chromedriver and Node.js on the PATH",
    )
}

/// Installs Debian's packages, or names them in the error where there is no `apt-get`.
fn install_or_name(packages: &[&str], needs: &str) -> Result<()> {
    if !answers("apt-get") {
        bail!(
            "the tests need {needs}; Debian's names of what is missing here: {}",
            packages.join(", ")
        );
    }
    install(packages)
}

/// Installs Firefox where Debian's packages can be; its one end-to-end test is counted as skipped
/// without it.
fn ensure_firefox() {
    if FIREFOX.iter().any(|name| answers(name)) {
        return;
    }
    let installed = answers("apt-get") && install(&["firefox-esr"]).is_ok();
    if !installed {
        println!("left out: the web app in Firefox, which is missing and could not be installed");
    }
}

/// Installs the system's web view where Linux has none; other systems bring it.
///
/// # Errors
/// It is missing and cannot be installed.
pub(crate) fn ensure_web_view() -> Result<()> {
    if has_web_view() {
        return Ok(());
    }
    if !answers("apt-get") {
        bail!(
            "the desktop app needs WebKitGTK 4.1 with its headers; Debian's name is \
             libwebkit2gtk-4.1-dev, Fedora's webkit2gtk4.1-devel, Arch's webkit2gtk-4.1"
        );
    }
    install(&["libwebkit2gtk-4.1-dev", "pkg-config"])
}

/// The reason why the desktop app cannot be driven here, if there is one. WebKitGTK's driver exists on Linux
/// only; it is installed where Debian's packages can be.
pub(crate) fn lacks_window_driver() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some(
            "the desktop app's tests need WebKitGTK's driver, which exists on Linux only"
                .to_owned(),
        );
    }
    let missing: Vec<&str> = [("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")]
        .into_iter()
        .filter(|(program, _)| !is_on_path(program))
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let installed = answers("apt-get") && install(&missing).is_ok();
    (!installed).then(|| {
        format!(
            "the desktop app's tests need packages that could not be installed: {}",
            missing.join(", ")
        )
    })
}

/// Whether a program of that name is in a folder of the PATH.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&file).is_file())
}

fn has_web_view() -> bool {
    !cfg!(target_os = "linux")
        || Command::new("pkg-config")
            .args(["--exists", "webkit2gtk-4.1"])
            .status()
            .is_ok_and(|status| status.success())
}

/// Installs Debian's packages.
///
/// # Errors
/// The system has no such packages, or may not install them.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(", "));
    succeed(apt_get().args(["update", "--quiet"]))?;
    succeed(
        apt_get()
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(packages),
    )
}

/// Whether a program of that name runs.
pub(crate) fn answers(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

fn has_driver() -> bool {
    std::env::var_os("VK_ICD_FILENAMES").is_some()
        || std::env::var_os("VK_DRIVER_FILES").is_some()
        || DRIVERS.iter().any(|folder| {
            Path::new(folder)
                .read_dir()
                .is_ok_and(|mut files| files.next().is_some())
        })
}

/// `apt-get` as root, or through sudo.
fn apt_get() -> Command {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if is_root {
        return Command::new("apt-get");
    }
    let mut command = Command::new("sudo");
    command.arg("apt-get");
    command
}
