//! Tables, models and reports of this computer, into the page.

use std::fs;
use std::path::Path;

use spat_spec::EngineMessage;
use tauri::{AppHandle, Manager as _};

use crate::settings::Settings;
use crate::{complaint, menu, session};

/// What the page takes; more would freeze it.
const LARGEST: u64 = 256 << 20;

/// Reads a file and hands it to the page, which knows what to do with it. What goes wrong is told by a
/// dialog. It may take a while, so the main thread must not.
pub(crate) fn open(app: &AppHandle, path: &Path) {
    let table = fs::metadata(path).and_then(|facts| {
        if !facts.is_file() {
            return Err(std::io::Error::other("it is no file; take one that is in it"));
        }
        if facts.len() > LARGEST {
            return Err(std::io::Error::other(format!(
                "it has {} MB and the page takes up to {} MB; cut it, or use the command line program",
                facts.len() >> 20,
                LARGEST >> 20
            )));
        }
        fs::read(path)
    });
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            return complaint::complain(app, &format!("Cannot read `{}`: {error}", path.display()));
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let message = EngineMessage::Table {
        name: name.into_owned(),
    };
    session::send_message(app, &message, &table);
    if path.extension().is_some_and(|ending| ending == "json") {
        // A report for the comparison of a class: no table to come back to.
        return;
    }
    let remembered = std::path::absolute(path)
        .map_err(|error| error.to_string())
        .and_then(|path| app.state::<Settings>().remember(&path))
        .and_then(|()| menu::build(app).map_err(|error| error.to_string()));
    if let Err(reason) = remembered {
        complaint::complain(
            app,
            &format!("The table will not stand in the menu: {reason}"),
        );
    }
}

/// Opens what the program was started with: `spat-desktop TABLE.csv`.
pub(crate) fn open_given(app: &AppHandle) {
    for path in std::env::args_os().skip(1) {
        open(app, Path::new(&path));
    }
}
