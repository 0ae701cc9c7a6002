//! Why a job ended without a report.

use spat_model::WeightError;
use spat_prune::ScoreError;
use spat_series::SplitError;
use spat_spec::{CheckpointError, ConfigError, PlanError, StructureError};
use thiserror::Error;

use crate::store::StoreError;

/// An error of a job. All but [`JobError::Stopped`] are failures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JobError {
    /// Asked to stop; the checkpoint is written.
    #[error("stopped; the run can be resumed")]
    Stopped,
    /// The sizes make no forecaster.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The rows do not make windows.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The experiment does not fit the table.
    #[error("{0}")]
    Mismatch(String),
    /// The loss is no number any more.
    #[error(
        "the training loss became {loss} in step {step} of {phase}; lower the learning rate, \
         or clip the gradients at a norm of 1"
    )]
    Diverged {
        /// What was trained.
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
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Scores cannot be had.
    #[error(transparent)]
    Scores(ScoreError),
    /// The run cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the run is not what this program wrote.
    #[error("`{name}` of the run cannot be read: {reason}; start the run anew")]
    RunFile {
        /// The file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The device failed.
    #[error("the device failed: {0}; go on with the run, on the CPU if it fails again")]
    Device(String),
}

impl From<ScoreError> for JobError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Device(reason) => Self::Device(reason),
            error => Self::Scores(error),
        }
    }
}
