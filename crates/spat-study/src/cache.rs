//! Results of tasks as files: one small JSON document each, and weights where others need them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use spat_engine::StoreError;
use spat_engine::platform::write_whole;
use spat_spec::{Array, arrays_from_bytes, arrays_to_bytes};

use crate::error::StudyError;
use crate::task::Outcome;

/// A folder of results. Files are written beside and renamed, so that a killed study leaves whole
/// ones only.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) fn new(folder: &Path) -> Result<Self, StudyError> {
        fs::create_dir_all(folder).map_err(|error| {
            StudyError::Store(StoreError::Failed {
                what: "make the folder".to_owned(),
                path: folder.display().to_string(),
                reason: error.to_string(),
            })
        })?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn outcome(&self, key: &str) -> Result<Option<Outcome>, StudyError> {
        let path = self.path(key, "json");
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(&path, &error))
    }

    pub(crate) fn keep(&self, key: &str, outcome: &Outcome) -> Result<(), StudyError> {
        let path = self.path(key, "json");
        let text = serde_json::to_vec(outcome).map_err(|error| damaged(&path, &error))?;
        Ok(write_whole(&path, &text)?)
    }

    pub(crate) fn has_weights(&self, key: &str) -> bool {
        self.path(key, "safetensors").is_file()
    }

    pub(crate) fn weights(&self, key: &str) -> Result<Option<BTreeMap<String, Array>>, StudyError> {
        let path = self.path(key, "safetensors");
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        arrays_from_bytes(&bytes)
            .map(Some)
            .map_err(|error| damaged(&path, &error))
    }

    pub(crate) fn keep_weights(
        &self,
        key: &str,
        weights: &BTreeMap<String, Array>,
    ) -> Result<(), StudyError> {
        let path = self.path(key, "safetensors");
        let bytes = arrays_to_bytes(weights, None).map_err(|error| damaged(&path, &error))?;
        Ok(write_whole(&path, &bytes)?)
    }

    fn path(&self, key: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{key}.{ending}"))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StudyError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(damaged(path, &error)),
    }
}

fn damaged(path: &Path, reason: &impl std::fmt::Display) -> StudyError {
    StudyError::Damaged {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}
