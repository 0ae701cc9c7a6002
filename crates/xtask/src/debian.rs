//! The desktop app as a Debian package.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result};

use crate::{root, succeed, version};

const NAME: &str = "spat-desktop";

/// Entry of the system's menu, which also opens tables.
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
    let bytes = fs::read(program)?;
    let libc = libc(&bytes).context("the program names no version of the C library")?;
    let repository = env::var("SPAT_REPOSITORY_URL")
        .ok()
        .filter(|url| !url.is_empty());
    let size = bytes.len() as u64;
    fs::write(
        tree.join("DEBIAN/control"),
        control(&architecture, size, &libc, repository.as_deref()),
    )?;
    let package = packages.join(format!("{NAME}_{}_{architecture}.deb", version()));
    succeed(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zxz", "--build"])
            .args([&tree, &package]),
    )?;
    Ok(fs::remove_dir_all(tree)?)
}

/// The oldest version of the C library that has all symbols of the program: an ELF file names the version
/// of each imported symbol.
fn libc(program: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"GLIBC_";
    let named = program.windows(NAME.len()).enumerate();
    let versions = named
        .filter(|(_, word)| *word == NAME)
        .filter_map(|(at, _)| {
            let rest = &program[at + NAME.len()..];
            let end = rest
                .iter()
                .position(|byte| !b"0123456789.".contains(byte))?;
            let text = std::str::from_utf8(&rest[..end]).ok()?;
            let numbers = text.split('.').map(|number| number.parse::<u32>().ok());
            numbers.collect::<Option<Vec<_>>>()
        });
    let newest = versions.max()?;
    let newest: Vec<_> = newest.iter().map(u32::to_string).collect();
    Some(newest.join("."))
}

/// The package's control file. `repository` is the public address of the source code, if there is one.
fn control(architecture: &str, bytes: u64, libc: &str, repository: Option<&str>) -> String {
    let maintainer = repository.map_or_else(String::new, |url| format!(" <{url}>"));
    let homepage = repository.map_or_else(String::new, |url| format!("\nHomepage: {url}"));
    format!(
        "Package: {NAME}
Version: {}
Architecture: {architecture}
Maintainer: The SPAT contributors{maintainer}
Section: science
Priority: optional
Installed-Size: {}
Depends: libc6 (>= {libc}), libgtk-3-0 | libgtk-3-0t64, libwebkit2gtk-4.1-0
Recommends: libvulkan1, mesa-vulkan-drivers | vulkan-icd{homepage}
Description: prune attention modules of a time-series forecaster
 Trains a Transformer forecaster on a table of time series, scores every
 multi-head-attention module, removes the lowest, and shows what changed.
 Nothing is uploaded.
",
        version(),
        bytes.div_ceil(1024)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbol_decides_on_the_library() {
        let program = b"\x7fELF\0GLIBC_2.2.5\0x\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0";
        assert_eq!(libc(program).as_deref(), Some("2.34"));
        assert_eq!(libc(b"GLIBC_"), None);
        let control = control("amd64", 1, "2.34", None);
        assert!(control.contains("\nDepends: libc6 (>= 2.34), libgtk"));
    }

    #[test]
    fn homepage_is_written_only_if_known() {
        assert!(!control("amd64", 1, "2.34", None).contains("Homepage:"));
        let control = control("amd64", 1, "2.34", Some("https://example.org/spat"));
        assert!(control.contains("\nHomepage: https://example.org/spat\nDescription:"));
    }
}
