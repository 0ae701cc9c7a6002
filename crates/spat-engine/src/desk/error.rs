//! What a desk cannot do.

use spat_series::{ReadError, SeriesError};
use thiserror::Error;

use super::ShelfError;
use crate::error::JobError;
use crate::store::StoreError;

/// An order that cannot be carried out.
#[derive(Debug, Error)]
pub enum DeskError {
    /// No run was opened before.
    #[error("no table is open yet; open one first")]
    NothingOpen,
    /// There is no model to look at.
    #[error("train the model first")]
    NothingTrained,
    /// An order that came without all of its bytes.
    #[error("the model's file and the table did not arrive whole; give both once more")]
    CutShort,
    /// The run cannot be taken from the shelf, or put there.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
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
