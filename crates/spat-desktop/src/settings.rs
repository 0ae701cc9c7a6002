//! Settings of the program: folder of the runs, and recent tables.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use spat_engine::platform::write_atomically;
use tauri::{AppHandle, Manager as _};

/// Number of recent tables.
const REMEMBERED: usize = 8;

/// Environment variable for another folder of runs.
const RUNS_VARIABLE: &str = "SPAT_RUNS";

/// The settings and their file.
pub(crate) struct Settings {
    file: Option<PathBuf>,
    /// Default folder of the runs.
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
    /// The stored settings, or the defaults if they cannot be read.
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

    /// The folder of new runs.
    pub(crate) fn runs(&self) -> PathBuf {
        std::env::var_os(RUNS_VARIABLE)
            .map(PathBuf::from)
            .or_else(|| self.saved().runs.clone())
            .unwrap_or_else(|| self.usual.clone())
    }

    /// Changes the folder of new runs; existing ones stay where they are.
    ///
    /// # Errors
    /// The setting cannot be stored.
    pub(crate) fn keep_runs_in(&self, folder: PathBuf) -> Result<(), String> {
        self.saved().runs = Some(folder);
        self.save()
    }

    /// The recent tables, the newest first.
    pub(crate) fn recent(&self) -> Vec<PathBuf> {
        self.saved().recent.clone()
    }

    /// Adds a recent table.
    ///
    /// # Errors
    /// The setting cannot be stored.
    pub(crate) fn remember(&self, table: &Path) -> Result<(), String> {
        {
            let mut saved = self.saved();
            saved.recent.retain(|path| path != table);
            saved.recent.insert(0, table.to_owned());
            saved.recent.truncate(REMEMBERED);
        }
        self.save()
    }

    /// Clears the recent tables.
    ///
    /// # Errors
    /// The setting cannot be stored.
    pub(crate) fn forget_recent(&self) -> Result<(), String> {
        self.saved().recent.clear();
        self.save()
    }

    fn save(&self) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Err("this system has no folder for settings".to_owned());
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
