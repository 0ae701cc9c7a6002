//! Errors of a study.

use spat_engine::{JobError, StoreError};
use spat_spec::{ConfigError, PlanError, StructureError};
use thiserror::Error;

/// An error of a study. All but [`StudyError::Stopped`] are failures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The study was stopped; finished tasks are kept.
    #[error("stopped; the study can be resumed")]
    Stopped,
    /// The study is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// One of its tasks failed.
    #[error("{task}: {error}")]
    Task {
        /// The task.
        task: String,
        /// The failure.
        error: Box<JobError>,
    },
    /// The model does not have the modules to remove.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// The scores do not give a plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A result cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the study cannot be read.
    #[error("`{path}` cannot be read: {reason}; delete it to compute it again")]
    Damaged {
        /// The file.
        path: String,
        /// The failure.
        reason: String,
    },
    /// Two parts of the study are inconsistent.
    #[error("{0}")]
    Mismatch(String),
}
