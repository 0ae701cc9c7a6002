//! Where a session stores its runs.

use spat_spec::{DeviceFacts, Experiment};
use thiserror::Error;

use crate::store::{MemoryStore, RunStore, StoreError};

/// The table's name among a run's files.
pub const TABLE: &str = "table.csv";

/// A storage of runs, each under its name.
#[allow(async_fn_in_trait)] // A session belongs to one thread, so its futures need not be Send.
pub trait RunStorage {
    /// A run's files.
    type Files: RunStore;

    /// Creates a run, with its table and everything needed to resume it, should the program be killed at
    /// once.
    async fn begin(&mut self, run: NewRun<'_>) -> Result<StoredRun<Self::Files>, RunStorageError>;

    /// Opens an existing run and its table.
    async fn resume(
        &mut self,
        run: &str,
    ) -> Result<(StoredRun<Self::Files>, Vec<u8>), RunStorageError>;

    /// The command that reproduces the run's report.
    async fn command(
        &self,
        run: &str,
        experiment: &Experiment,
        device: &DeviceFacts,
    ) -> Result<String, RunStorageError>;
}

/// A new run.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Its name in the storage.
    pub name: &'a str,
    /// The table's file name.
    pub table_name: &'a str,
    /// The table's bytes.
    pub table: &'a [u8],
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The kind of device.
    pub device: &'a DeviceFacts,
}

/// A run's files, and the reason if they are not stored permanently.
#[derive(Debug)]
pub struct StoredRun<F> {
    /// The files.
    pub files: F,
    /// The reason, in the storage's words.
    pub not_stored: Option<String>,
}

/// The storage lacks a run, or refuses a write. The message includes what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RunStorageError(pub String);

impl From<StoreError> for RunStorageError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Stores only the open run, in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryRunStorage;

impl RunStorage for MemoryRunStorage {
    type Files = MemoryStore;

    async fn begin(&mut self, run: NewRun<'_>) -> Result<StoredRun<MemoryStore>, RunStorageError> {
        let mut files = MemoryStore::default();
        files.write(TABLE, run.table).await?;
        Ok(StoredRun {
            files,
            not_stored: None,
        })
    }

    async fn resume(
        &mut self,
        run: &str,
    ) -> Result<(StoredRun<MemoryStore>, Vec<u8>), RunStorageError> {
        Err(RunStorageError(format!(
            "the run `{run}` was not kept; load its table and train it again"
        )))
    }

    async fn command(
        &self,
        _run: &str,
        experiment: &Experiment,
        _device: &DeviceFacts,
    ) -> Result<String, RunStorageError> {
        Ok(format!("the web app, with seed {}", experiment.seed))
    }
}
