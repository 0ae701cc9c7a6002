//! Errors of an engine session.

use spat_series::{ReadError, SeriesError};
use thiserror::Error;

use super::RunStorageError;
use crate::error::JobError;
use crate::store::StoreError;

/// An error of a request.
#[derive(Debug, Error)]
pub enum SessionError {
    /// No run is open.
    #[error("no table is open yet; open one first")]
    NothingOpen,
    /// No model is trained yet.
    #[error("train the model first")]
    NothingTrained,
    /// A request arrived without all of its bytes.
    #[error("the model's file or the table is incomplete; open both again")]
    CutShort,
    /// The run cannot be read from or written to the run storage.
    #[error(transparent)]
    RunStorage(#[from] RunStorageError),
    /// The table cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table cannot be used as the experiment requires.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// A file of the run failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine failed.
    #[error(transparent)]
    Job(#[from] JobError),
}
