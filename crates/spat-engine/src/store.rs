//! Where a run is kept: a folder natively, the browser's own storage in a page.

use std::collections::BTreeMap;

use thiserror::Error;

/// Named files of one run.
///
/// A write is atomic: whatever interrupts it, the old bytes or the new ones are there.
#[allow(async_fn_in_trait)] // One thread owns the engine, so its futures need not be Send.
pub trait RunStore {
    /// Writes or replaces a file.
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Reads a file; `None` if it is not there.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Removes a file, if it is there.
    async fn remove(&mut self, name: &str) -> Result<(), StoreError>;
}

/// A run in memory: gone with the program.
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

/// Keeps nothing: for work that is repeated whole where it was interrupted.
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

/// A run that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// A new run would overwrite another.
    #[error(
        "the run folder `{0}` is not empty; name another with --run, or go on with it by --resume"
    )]
    Exists(String),
    /// Nothing to go on with.
    #[error("the folder `{0}` holds no run (no experiment.json)")]
    NoRun(String),
    /// No space is left.
    #[error(
        "the disk is full: `{path}` was not written; what was there before is whole, so free some \
         space and go on with the run"
    )]
    Full {
        /// Which file.
        path: String,
    },
    /// Anything else.
    #[error("cannot {what} `{path}`: {reason}")]
    Failed {
        /// What was tried.
        what: String,
        /// On which file.
        path: String,
        /// The system's words.
        reason: String,
    },
}
