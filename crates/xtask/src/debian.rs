//! The desktop program as a Debian package.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::version;
use crate::{root, succeed};

const NAME: &str = "spat-desktop";

/// Entry of the system's menu; a table can be opened with it.
const ENTRY: &str = "[Desktop Entry]
Type=Application
Name=SPAT
Comment=Prune the attention out of a time-series forecaster
Exec=spat-desktop %f
Icon=spat-desktop
Categories=Education;Science;DataVisualization;
MimeType=text/csv;text/tab-separated-values;
StartupWMClass=spat-desktop
";

/// Icons by their sizes.
const ICONS: [(&str, &str); 3] = [
    ("32x32", "32x32.png"),
    ("128x128", "128x128.png"),
    ("512x512", "icon.png"),
];

/// Packs `program` into a `.deb` in `packages`.
///
/// # Errors
/// `dpkg-deb` fails, or the disk does.
pub(crate) fn package(program: &Path, packages: &Path) -> Result<()> {
    let architecture = Command::new("dpkg").arg("--print-architecture").output()?;
    let architecture = String::from_utf8_lossy(&architecture.stdout)
        .trim()
        .to_owned();
    let tree = packages.join(format!("{NAME}-tree"));
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    let put = |from: &Path, place: &str| -> Result<()> {
        let to = tree.join(place);
        fs::create_dir_all(to.parent().context("no folder")?)?;
        fs::copy(from, &to).with_context(|| from.display().to_string())?;
        Ok(())
    };
    put(program, "usr/bin/spat-desktop")?;
    for (size, file) in ICONS {
        let icon = root().join("crates/spat-desktop/icons").join(file);
        put(
            &icon,
            &format!("usr/share/icons/hicolor/{size}/apps/{NAME}.png"),
        )?;
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        put(
            &root().join(licence),
            &format!("usr/share/doc/{NAME}/{licence}"),
        )?;
    }
    fs::write(
        tree.join(format!("usr/share/doc/{NAME}/copyright")),
        "MIT or Apache-2.0, at your choice; see the two licences beside this file.\n",
    )?;
    fs::create_dir_all(tree.join("usr/share/applications"))?;
    fs::write(
        tree.join(format!("usr/share/applications/{NAME}.desktop")),
        ENTRY,
    )?;
    fs::create_dir_all(tree.join("DEBIAN"))?;
    fs::write(
        tree.join("DEBIAN/control"),
        control(&architecture, fs::metadata(program)?.len()),
    )?;
    let package = packages.join(format!("{NAME}_{}_{architecture}.deb", version()));
    succeed(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zxz", "--build"])
            .args([&tree, &package]),
    )?;
    Ok(fs::remove_dir_all(tree)?)
}

fn control(architecture: &str, bytes: u64) -> String {
    format!(
        "Package: {NAME}
Version: {}
Architecture: {architecture}
Maintainer: The SPAT contributors <https://github.com/spat-rs/spat>
Section: science
Priority: optional
Installed-Size: {}
Depends: libc6, libgtk-3-0 | libgtk-3-0t64, libwebkit2gtk-4.1-0
Recommends: libvulkan1, mesa-vulkan-drivers | vulkan-icd
Homepage: https://github.com/spat-rs/spat
Description: prune the attention out of a time-series forecaster
 Trains a Transformer forecaster on a table of time series, scores every
 multi-head-attention module, removes the modules that do not earn their
 cost, and shows what changed. Nothing is uploaded.
",
        version(),
        bytes.div_ceil(1024)
    )
}
