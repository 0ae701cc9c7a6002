//! Why scores make no plan.

use thiserror::Error;

use crate::{ModuleId, StructureError};

/// A ranking that cannot be turned into a plan.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlanError {
    /// α outside `[0, 1]`.
    #[error("a pruning ratio of {0} is no share of the modules; use a value from 0 to 1")]
    Ratio(f64),
    /// A score is NaN or infinite.
    #[error(
        "the score of `{module}` is {value}, so the modules cannot be ranked; the training has \
         diverged: lower the learning rate or clip the gradients"
    )]
    NotFinite {
        /// Whose score.
        module: ModuleId,
        /// Its value.
        value: f64,
    },
    /// The rule names a module that was not scored.
    #[error("cannot protect `{0}`: the model has no such attention module")]
    UnknownProtected(ModuleId),
    /// A module is to be removed that was not scored.
    #[error("cannot remove `{0}`: it is not among the scored attention modules")]
    NotScored(ModuleId),
    /// The score says nothing of single heads.
    #[error(
        "the scorer `{scorer}` gives `{module}` {found} values for {heads} heads, so that heads \
         cannot be ranked; use one that scores heads, such as send, or remove whole modules"
    )]
    NoHeadScores {
        /// The method.
        scorer: String,
        /// Whose heads.
        module: ModuleId,
        /// Values that it gave.
        found: usize,
        /// Heads that stand.
        heads: usize,
    },
    /// Scores and structure are of different models.
    #[error(transparent)]
    Structure(#[from] StructureError),
}
