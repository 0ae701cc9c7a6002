//! Embeds the web app from `dist-window/` in the program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Commands of `src/commands` that the web app may call.
const COMMANDS: &[&str] = &[
    "listen",
    "send_request",
    "read_run_file",
    "run_names",
    "run_summaries",
    "put_run_summary",
    "delete_run",
    "pick_table",
    "save",
    "runs_folder",
    "change_runs_folder",
    "show_runs",
];

/// The WebAssembly engine and the service worker, which the desktop app does not need.
const LEFT_OUT: [&str; 3] = ["spat-worker", "sw.js", "manifest.webmanifest"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let dist = root.join("dist-window");
    println!("cargo:rerun-if-changed={}", dist.display());
    if dist.join("index.html").is_file() {
        let page = PathBuf::from(std::env::var("OUT_DIR")?).join("page");
        if page.exists() {
            fs::remove_dir_all(&page)?;
        }
        take(&dist, &page)?;
        // Rust's debug quoting of a path is valid JSON.
        println!(r#"cargo:rustc-env=TAURI_CONFIG={{"build":{{"frontendDist":{page:?}}}}}"#);
    } else {
        println!(
            "cargo:warning=`dist-window/` holds no web app, so spat-desktop will show a notice only; build both with `cargo xtask desktop`"
        );
    }
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS)),
    )?;
    Ok(())
}

fn take(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let place = to.join(&name);
        if entry.file_type()?.is_dir() {
            take(&entry.path(), &place)?;
        } else if name == "index.html" {
            fs::write(place, for_the_window(&fs::read_to_string(entry.path())?))?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}

/// Removes the web app's content security policy, which that of the window (`tauri.conf.json`) replaces: it
/// is as strict and allows calls to the program. Removes links to omitted files too.
fn for_the_window(page: &str) -> String {
    let dropped = [
        "Content-Security-Policy",
        "manifest.webmanifest",
        "spat-worker",
    ];
    page.split_inclusive('>')
        .filter(|tag| {
            let element = tag.trim_start();
            let head = element.starts_with("<meta") || element.starts_with("<link");
            !(head && dropped.iter().any(|name| tag.contains(name)))
        })
        .collect()
}
