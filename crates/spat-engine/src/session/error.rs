//! Errors of an engine session.

use spat_series::{ReadError, SeriesError};
use thiserror::Error;

use super::RunStorageError;
use crate::error::JobError;
use crate::store::StoreError;

/// A request that cannot be carried out.
#[derive(Debug, Error)]
pub enum SessionError {
    /// No run was opened before.
    #[error("no table is open yet; open one first")]
    NothingOpen,
    /// There is no model to look at.
    #[error("train the model first")]
    NothingTrained,
    /// A request that came without all of its bytes.
    #[error("the model's file and the table did not arrive whole; give both once more")]
    CutShort,
    /// The run cannot be read from or written to the run storage.
    #[error(transparent)]
    RunStorage(#[from] RunStorageError),
    /// The table is no table.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table cannot be used as the experiment says.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// The run's files fail.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine fails.
    #[error(transparent)]
    Job(#[from] JobError),
}
