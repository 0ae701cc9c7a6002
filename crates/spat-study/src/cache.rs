//! Stored results of tasks: one small JSON document each, and weights if other tasks need them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use spat_engine::StoreError;
use spat_engine::platform::write_atomically;
use spat_spec::{Array, checked_from_bytes, checked_to_bytes};

use crate::error::StudyError;
use crate::task::Outcome;

/// Header entry of stored weights; it has a checksum only.
const WEIGHTS_KEY: &str = "spat_weights";

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
        let folder = study.join("cache");
        fs::create_dir_all(&folder).map_err(|error| {
            StudyError::Store(StoreError::Failed {
                what: "create the folder".to_owned(),
                path: folder.display().to_string(),
                reason: error.to_string(),
            })
        })?;
        Ok(Self::Folder(folder))
    }

    pub(crate) fn outcome(&self, key: &str) -> Result<Option<Outcome>, StudyError> {
        let name = format!("{key}.json");
        let Some(bytes) = self.read(&name)? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| self.damaged(&name, &error))
    }

    pub(crate) fn keep(&self, key: &str, outcome: &Outcome) -> Result<(), StudyError> {
        let name = format!("{key}.json");
        let text = serde_json::to_vec(outcome).map_err(|error| self.damaged(&name, &error))?;
        self.write(&name, text)
    }

    pub(crate) fn has_weights(&self, key: &str) -> bool {
        let name = format!("{key}.safetensors");
        match self {
            Self::Folder(folder) => folder.join(name).is_file(),
            Self::Memory(files) => lock(files).contains_key(&name),
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

    fn damaged(&self, name: &str, reason: &impl std::fmt::Display) -> StudyError {
        let path = match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Memory(_) => name.to_owned(),
        };
        StudyError::Damaged {
            path,
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
