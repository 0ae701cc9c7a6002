//! Stored results of tasks: one small JSON document each, and weights if other tasks need them.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use spat_engine::StoreError;
use spat_engine::platform::write_atomically;
use spat_spec::{Array, checked_from_bytes, checked_to_bytes};

use serde::{Deserialize, Serialize};

use crate::arithmetic::Arithmetic;
use crate::error::StudyError;
use crate::task::Outcome;

/// Header entry of stored weights; it has a checksum only.
pub(crate) const WEIGHTS_KEY: &str = "spat_weights";

/// A result and how it was computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredOutcome {
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    /// Not recorded in files of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) computed_with: Option<Arithmetic>,
}

/// The folder of results, in the study's folder.
pub(crate) const FOLDER: &str = "cache";

/// Results in a folder, or in memory only. Files are written atomically, so that a killed study leaves only
/// complete ones.
#[derive(Debug)]
pub(crate) enum Cache {
    Folder(PathBuf),
    Memory(Mutex<HashMap<String, Vec<u8>>>),
}

impl Cache {
    /// In the folder `cache` of the study's folder, if it has one.
    pub(crate) fn new(study: Option<&Path>) -> Result<Self, StudyError> {
        let Some(study) = study else {
            return Ok(Self::Memory(Mutex::default()));
        };
        let folder = study.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| {
            StudyError::Store(StoreError::Failed {
                what: "create the folder".to_owned(),
                path: folder.display().to_string(),
                reason: error.to_string(),
            })
        })?;
        Ok(Self::Folder(folder))
    }

    pub(crate) fn outcome(&self, key: &str) -> Result<Option<StoredOutcome>, StudyError> {
        let name = format!("{key}.json");
        let Some(bytes) = self.read(&name)? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| self.damaged(&name, &error))
    }

    pub(crate) fn keep(&self, key: &str, outcome: &StoredOutcome) -> Result<(), StudyError> {
        let name = format!("{key}.json");
        let text = serde_json::to_vec(outcome).map_err(|error| self.damaged(&name, &error))?;
        self.write(&name, text)
    }

    pub(crate) fn has_outcome(&self, key: &str) -> bool {
        self.has(&format!("{key}.json"))
    }

    pub(crate) fn has_weights(&self, key: &str) -> bool {
        self.has(&format!("{key}.safetensors"))
    }

    /// Removes what processes that were killed while they wrote have left. Files of a day are kept: another process
    /// may be writing them.
    pub(crate) fn remove_abandoned(&self) {
        const AGE: Duration = Duration::from_secs(24 * 3600);
        let Self::Folder(folder) = self else { return };
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_part = entry.path().extension() == Some(OsStr::new("part"));
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let is_old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > AGE));
            if is_part && is_old {
                fs::remove_file(entry.path()).ok();
            }
        }
    }

    /// Makes results of other machines visible: network file systems remember for seconds which files do not exist,
    /// and check the folder when it is listed.
    pub(crate) fn refresh(&self) {
        if let Self::Folder(folder) = self {
            fs::read_dir(folder).map(Iterator::count).ok();
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(name).is_file(),
            Self::Memory(files) => lock(files).contains_key(name),
        }
    }

    pub(crate) fn weights(&self, key: &str) -> Result<Option<BTreeMap<String, Array>>, StudyError> {
        let name = format!("{key}.safetensors");
        let Some(bytes) = self.read(&name)? else {
            return Ok(None);
        };
        checked_from_bytes(WEIGHTS_KEY, &bytes)
            .map(|file| Some(file.arrays))
            .map_err(|error| self.damaged(&name, &error))
    }

    pub(crate) fn keep_weights(
        &self,
        key: &str,
        weights: &BTreeMap<String, Array>,
    ) -> Result<(), StudyError> {
        let name = format!("{key}.safetensors");
        let bytes = checked_to_bytes(WEIGHTS_KEY, "{}", weights)
            .map_err(|error| self.damaged(&name, &error))?;
        self.write(&name, bytes)
    }

    fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), StudyError> {
        match self {
            Self::Folder(folder) => Ok(write_atomically(&folder.join(name), &bytes)?),
            Self::Memory(files) => {
                lock(files).insert(name.to_owned(), bytes);
                Ok(())
            }
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StudyError> {
        match self {
            Self::Folder(folder) => match fs::read(folder.join(name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(self.damaged(name, &error)),
            },
            Self::Memory(files) => Ok(lock(files).get(name).cloned()),
        }
    }

    /// A result's file, for messages.
    pub(crate) fn path_of(&self, key: &str) -> String {
        self.path(&format!("{key}.json"))
    }

    fn path(&self, name: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Memory(_) => name.to_owned(),
        }
    }

    fn damaged(&self, name: &str, reason: &impl std::fmt::Display) -> StudyError {
        StudyError::Damaged {
            path: self.path(name),
            reason: reason.to_string(),
        }
    }
}

fn lock(
    files: &Mutex<HashMap<String, Vec<u8>>>,
) -> std::sync::MutexGuard<'_, HashMap<String, Vec<u8>>> {
    files
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::TaskErrors;

    fn outcome() -> Outcome {
        Outcome::Trained {
            errors: TaskErrors {
                val: 0.1 + 0.2,
                test: 1.0 / 3.0,
                test_mae: 2e-310,
            },
            epochs: 3,
            scores: vec![Vec::new()],
            by_epoch: Vec::new(),
            val_windows: vec![0.1, 1.0 / 3.0],
        }
    }

    #[test]
    fn only_old_partial_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path())).unwrap();
        let days_ago = std::time::SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
        for (name, is_old) in [("a.json", true), ("b.1.part", true), ("c.2.part", false)] {
            let file = fs::File::create(folder.path().join("cache").join(name)).unwrap();
            if is_old {
                file.set_modified(days_ago).unwrap();
            }
        }
        cache.remove_abandoned();
        let kept = ["a.json", "b.1.part", "c.2.part"].map(|name| cache.has(name));
        assert_eq!(kept, [true, false, true]);
    }

    #[test]
    fn results_of_earlier_builds_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path())).unwrap();
        for outcome in [
            outcome(),
            Outcome::Ranked(vec![("send".to_owned(), vec![0.1])]),
        ] {
            let bytes = serde_json::to_vec(&outcome).unwrap();
            fs::write(folder.path().join("cache/abc.json"), bytes).unwrap();
            let stored = cache.outcome("abc").unwrap().unwrap();
            assert_eq!(stored.outcome, outcome);
            assert_eq!(stored.computed_with, None);
        }
    }

    #[test]
    fn a_stored_result_has_its_arithmetic_and_every_digit() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path())).unwrap();
        let stored = StoredOutcome {
            outcome: outcome(),
            computed_with: Some(Arithmetic {
                processor: "x86_64".to_owned(),
                device: "cpu".to_owned(),
            }),
        };
        cache.keep("abc", &stored).unwrap();
        assert_eq!(cache.outcome("abc").unwrap().unwrap(), stored);
    }
}
