//! The software Vulkan device on which shaders are tested where there is no GPU.

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

/// Installs Mesa's lavapipe where Linux has no Vulkan driver at all; other systems bring a device.
///
/// # Errors
/// There is none and it cannot be installed: the tests of the shaders would have nothing to run on.
pub(crate) fn ensure() -> Result<()> {
    if !cfg!(target_os = "linux") || has_driver() {
        return Ok(());
    }
    if Command::new("apt-get").arg("--version").output().is_err() {
        bail!(
            "the shaders' tests need a Vulkan driver; install Mesa's software one (lavapipe): \
             mesa-vulkan-drivers on Debian, vulkan-swrast on Arch, mesa-vulkan-drivers on Fedora"
        );
    }
    println!("installing a software Vulkan driver for the shaders' tests: mesa-vulkan-drivers");
    succeed(apt_get().args(["update", "--quiet"]))?;
    succeed(apt_get().args([
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "mesa-vulkan-drivers",
        "libvulkan1",
    ]))
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

/// As root, or through sudo, which asks.
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
