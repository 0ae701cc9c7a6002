//! File dialogs of the system. All of them block, so none may run on the main thread.

use std::fs;
use std::path::Path;
use std::process::Command;

use spat_engine::platform::write_atomically;
use tauri::{AppHandle, Manager as _};
use tauri_plugin_dialog::DialogExt as _;

use crate::settings::Settings;
use crate::{error_dialog, session, tables};

/// Lets the user pick tables and models and passes them to the web app.
pub(crate) fn pick_table(app: &AppHandle) {
    let picked = app
        .dialog()
        .file()
        .set_title("Open a table")
        .add_filter("Tables and models", &["csv", "tsv", "txt", "safetensors"])
        .add_filter("All files", &["*"])
        .blocking_pick_files();
    for path in picked.into_iter().flatten() {
        if let Ok(path) = path.into_path() {
            tables::open(app, &path);
        }
    }
}

/// Saves a file of the web app to a location that the user picks.
pub(crate) fn save(app: &AppHandle, name: &str, bytes: &[u8]) {
    let place = app
        .dialog()
        .file()
        .set_title("Save")
        .set_file_name(name)
        .blocking_save_file();
    if let Some(path) = place.and_then(|path| path.into_path().ok())
        // An existing file stays intact if this fails.
        && let Err(error) = write_atomically(&path, bytes)
    {
        error_dialog::show(app, &format!("The file was not saved: {error}"));
    }
}

/// Lets the user pick the folder of new runs. The open run stays in its folder.
pub(crate) fn change_runs_folder(app: &AppHandle) -> Result<(), String> {
    let picked = app
        .dialog()
        .file()
        .set_title("Keep runs in")
        .set_directory(session::runs(app).root())
        .blocking_pick_folder();
    match picked.and_then(|path| path.into_path().ok()) {
        Some(folder) => {
            app.state::<Settings>().keep_runs_in(folder)?;
            Ok(())
        }
        None => Ok(()),
    }
}

/// Shows a folder in the system's file manager.
pub(crate) fn show_folder(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
    let program = opener();
    Command::new(program)
        .arg(folder)
        .spawn()
        .map(drop)
        .map_err(|error| {
            format!(
                "cannot start `{program}` for `{}`: {error}",
                folder.display()
            )
        })
}

/// Opens a web address in the default browser.
pub(crate) fn browse(app: &AppHandle, address: &str) {
    let program = opener();
    if let Err(error) = Command::new(program).arg(address).spawn() {
        error_dialog::show(
            app,
            &format!("Cannot start `{program}` for {address}: {error}"),
        );
    }
}

/// The system's program for opening files and addresses.
fn opener() -> &'static str {
    if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    }
}
