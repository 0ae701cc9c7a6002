//! Passes local tables, models and reports to the web app.

use std::fs;
use std::path::Path;

use spat_spec::EngineMessage;
use tauri::{AppHandle, Manager as _};

use crate::settings::Settings;
use crate::{error_dialog, menu, session};

/// Maximum file size; larger files would freeze the web app.
const LARGEST: u64 = 256 << 20;

/// Reads a file and passes it to the web app, which detects its kind. Shows a dialog on failure. Blocks, so
/// it must not run on the main thread.
pub(crate) fn open(app: &AppHandle, path: &Path) {
    let table = fs::metadata(path).and_then(|facts| {
        if !facts.is_file() {
            return Err(std::io::Error::other("it is not a file; choose a file"));
        }
        if facts.len() > LARGEST {
            return Err(std::io::Error::other(format!(
                "it has {} MB and the limit is {} MB; shorten it, or use the command line program",
                facts.len() >> 20,
                LARGEST >> 20
            )));
        }
        fs::read(path)
    });
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            return error_dialog::show(app, &format!("Cannot read `{}`: {error}", path.display()));
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let message = EngineMessage::Table {
        name: name.into_owned(),
    };
    session::send_message(app, &message, &table);
    if path.extension().is_some_and(|ending| ending == "json") {
        // Reports of a class comparison are not recent tables.
        return;
    }
    let remembered = std::path::absolute(path)
        .map_err(|error| error.to_string())
        .and_then(|path| app.state::<Settings>().remember(&path))
        .and_then(|()| menu::build(app).map_err(|error| error.to_string()));
    if let Err(reason) = remembered {
        error_dialog::show(
            app,
            &format!("The table was not added to the menu: {reason}"),
        );
    }
}

/// Opens the tables from the command line: `spat-desktop TABLE.csv`.
pub(crate) fn open_given(app: &AppHandle) {
    for path in std::env::args_os().skip(1) {
        open(app, Path::new(&path));
    }
}
