//! Why a study ended without a result.

use spat_engine::{JobError, StoreError};
use spat_spec::{ConfigError, PlanError, StructureError};
use thiserror::Error;

/// An error of a study. All but [`StudyError::Stopped`] are failures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// Asked to stop; what was computed is kept.
    #[error("stopped; the study can be resumed")]
    Stopped,
    /// The study makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// One of its tasks failed.
    #[error("{task}: {error}")]
    Task {
        /// Which.
        task: String,
        /// Why.
        error: JobError,
    },
    /// A removal that the model does not have.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// Scores that make no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A result cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the study cannot be read.
    #[error("`{path}` cannot be read: {reason}; delete it, and it is computed again")]
    Damaged {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Two parts of the study disagree.
    #[error("{0}")]
    Mismatch(String),
}
