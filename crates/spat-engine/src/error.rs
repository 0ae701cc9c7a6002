//! Errors of a job.

use spat_model::{BackboneError, WeightError};
use spat_prune::ScoreError;
use spat_series::SplitError;
use spat_spec::{CheckpointError, ConfigError, PlanError, StructureError};
use thiserror::Error;

use crate::store::StoreError;

/// An error of a job. All but [`JobError::Stopped`] are failures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JobError {
    /// The job was stopped; its checkpoint is written.
    #[error("stopped; the run can be resumed")]
    Stopped,
    /// The sizes do not define a valid forecaster.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The rows do not contain enough windows.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The experiment does not fit the table.
    #[error("{0}")]
    Mismatch(String),
    /// The loss is not finite.
    #[error(
        "the training loss became {loss} in step {step} of {phase}; lower the learning rate, \
         or clip the gradients at a norm of 1"
    )]
    Diverged {
        /// The phase in which it happened.
        phase: &'static str,
        /// Counted from 1.
        step: usize,
        /// The loss.
        loss: f64,
    },
    /// The ranking cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan does not fit the structure.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// Weights do not fit.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// The file of the frozen weights is not loaded, or does not fit. Boxed, because it is larger than the other
    /// errors.
    #[error(transparent)]
    Backbone(Box<BackboneError>),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The scores cannot be computed.
    #[error(transparent)]
    Scores(ScoreError),
    /// The run cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the run is not in the expected format.
    #[error("`{name}` of the run cannot be read: {reason}; start a new run")]
    RunFile {
        /// The file.
        name: String,
        /// Description of the failure.
        reason: String,
    },
    /// The device failed.
    #[error("the device failed: {0}; resume the run, on the CPU if this happens again")]
    Device(String),
}

impl From<BackboneError> for JobError {
    fn from(error: BackboneError) -> Self {
        Self::Backbone(Box::new(error))
    }
}

impl From<ScoreError> for JobError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Device(reason) => Self::Device(reason),
            error => Self::Scores(error),
        }
    }
}
