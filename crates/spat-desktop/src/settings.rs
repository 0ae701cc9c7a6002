//! What the program remembers: where runs are kept, and the tables that were opened last.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use spat_engine::platform::write_atomically;
use tauri::{AppHandle, Manager as _};

/// Tables in the menu.
const REMEMBERED: usize = 8;

/// Another place for the runs, for this start only.
const RUNS_VARIABLE: &str = "SPAT_RUNS";

/// The settings, and the file that they lie in.
pub(crate) struct Settings {
    file: Option<PathBuf>,
    /// Where runs go if the person has not said otherwise.
    usual: PathBuf,
    saved: Mutex<SavedSettings>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct SavedSettings {
    runs: Option<PathBuf>,
    recent: Vec<PathBuf>,
}

impl Settings {
    /// As they were left; anew where there are none that can be read.
    pub(crate) fn load(app: &AppHandle) -> Self {
        let paths = app.path();
        let file = paths
            .app_config_dir()
            .ok()
            .map(|folder| folder.join("settings.json"));
        let usual = paths
            .document_dir()
            .map(|documents| documents.join("SPAT runs"))
            .or_else(|_| paths.app_data_dir().map(|data| data.join("runs")))
            .unwrap_or_else(|_| PathBuf::from("runs"));
        let saved = file
            .as_deref()
            .and_then(|file| fs::read(file).ok())
            .and_then(|text| serde_json::from_slice(&text).ok());
        Self {
            file,
            usual,
            saved: Mutex::new(saved.unwrap_or_default()),
        }
    }

    /// Where runs are kept.
    pub(crate) fn runs(&self) -> PathBuf {
        std::env::var_os(RUNS_VARIABLE)
            .map(PathBuf::from)
            .or_else(|| self.saved().runs.clone())
            .unwrap_or_else(|| self.usual.clone())
    }

    /// Keeps the runs somewhere else from now on; those that there are stay where they are.
    ///
    /// # Errors
    /// The choice cannot be remembered.
    pub(crate) fn keep_runs_in(&self, folder: PathBuf) -> Result<(), String> {
        self.saved().runs = Some(folder);
        self.save()
    }

    /// The tables that were opened last, the newest first.
    pub(crate) fn recent(&self) -> Vec<PathBuf> {
        self.saved().recent.clone()
    }

    /// Remembers a table.
    ///
    /// # Errors
    /// It cannot be remembered.
    pub(crate) fn remember(&self, table: &Path) -> Result<(), String> {
        {
            let mut saved = self.saved();
            saved.recent.retain(|path| path != table);
            saved.recent.insert(0, table.to_owned());
            saved.recent.truncate(REMEMBERED);
        }
        self.save()
    }

    /// Forgets the tables.
    ///
    /// # Errors
    /// They would be remembered at the next start.
    pub(crate) fn forget_recent(&self) -> Result<(), String> {
        self.saved().recent.clear();
        self.save()
    }

    fn save(&self) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Err("this system has no place for settings".to_owned());
        };
        let saved = self.saved().clone();
        let failed = |error: &dyn Display| format!("cannot write `{}`: {error}", file.display());
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let text = serde_json::to_vec_pretty(&saved).map_err(|error| failed(&error))?;
        write_atomically(file, &text).map_err(|error| error.to_string())
    }

    fn saved(&self) -> MutexGuard<'_, SavedSettings> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
