//! Errors of a plan.

use thiserror::Error;

use crate::{ModuleId, StructureError};

/// Scores or a rule that cannot be turned into a plan.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlanError {
    /// α is outside `[0, 1]`.
    #[error("a pruning ratio of {0} is not a share of the modules; use a value from 0 to 1")]
    Ratio(f64),
    /// A score is NaN or infinite.
    #[error(
        "the score of `{module}` is {value}, so the modules cannot be ranked; the training has \
         diverged: lower the learning rate or clip the gradients"
    )]
    NotFinite {
        /// The module.
        module: ModuleId,
        /// The score.
        value: f64,
    },
    /// The rule names a module that was not scored.
    #[error("cannot protect `{0}`: the model has no such attention module")]
    UnknownProtected(ModuleId),
    /// A module to be removed was not scored.
    #[error("cannot remove `{0}`: it is not among the scored attention modules")]
    NotScored(ModuleId),
    /// The scorer does not score heads.
    #[error(
        "the scorer `{scorer}` gives `{module}` {found} values for {heads} heads, so that heads \
         cannot be ranked; use one that scores heads, such as send, or remove whole modules"
    )]
    NoHeadScores {
        /// The scorer.
        scorer: String,
        /// The module.
        module: ModuleId,
        /// Number of head scores.
        found: usize,
        /// Number of active heads.
        heads: usize,
    },
    /// Scores and structure are of different models.
    #[error(transparent)]
    Structure(#[from] StructureError),
}
