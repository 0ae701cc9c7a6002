//! Storage of one run: a folder in native programs, the browser's storage in the web app.

use std::collections::BTreeMap;

use thiserror::Error;

/// Named files of one run.
///
/// Writes are atomic: after any interruption, a file has its old or its new content.
#[allow(async_fn_in_trait)] // The engine belongs to one thread, so its futures need not be Send.
pub trait RunStore {
    /// Writes or replaces a file.
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Reads a file; `None` if it does not exist.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Removes a file if it exists.
    async fn remove(&mut self, name: &str) -> Result<(), StoreError>;
}

/// A run in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    /// The files by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl RunStore for MemoryStore {
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files.get(name).cloned())
    }

    async fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        self.files.remove(name);
        Ok(())
    }
}

/// Stores nothing: for work that is repeated from the start when interrupted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoStore;

impl RunStore for NoStore {
    async fn write(&mut self, _name: &str, _bytes: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn read(&self, _name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn remove(&mut self, _name: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A run that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The folder already contains files.
    #[error(
        "the run folder `{0}` is not empty; choose another with --run, or resume it with --resume"
    )]
    Exists(String),
    /// The folder holds no run.
    #[error("the folder `{0}` holds no run (no experiment.json)")]
    NoRun(String),
    /// The disk is full.
    #[error(
        "the disk is full: `{path}` was not written; earlier files are intact, so free some \
         space and resume the run"
    )]
    Full {
        /// The file.
        path: String,
    },
    /// Any other failure.
    #[error("cannot {what} `{path}`: {reason}")]
    Failed {
        /// The attempted operation.
        what: String,
        /// The file or folder.
        path: String,
        /// The system's message.
        reason: String,
    },
}
