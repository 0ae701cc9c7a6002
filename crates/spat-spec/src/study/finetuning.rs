//! Ways of fine-tuning, compared with that of the study.

use serde::{Deserialize, Serialize};

use super::{PairedTest, Spread};

/// A way of fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinetuningResult {
    /// Its name.
    pub name: String,
    /// Description.
    pub title: String,
    /// The dense model, fine-tuned in this way.
    pub dense: FinetunedErrors,
    /// The model without the modules with the lowest SEND, fine-tuned in this way.
    pub pruned: FinetunedErrors,
}

/// Errors of models that are fine-tuned in one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinetunedErrors {
    /// Mean squared error, validation windows.
    pub val: Spread,
    /// The same, test windows.
    pub test: Spread,
    /// Epochs begun, over the seeds.
    pub epochs: Spread,
    /// Test error against the dense model before fine-tuning, in percent of it, over the seeds.
    pub percent_to_dense: Spread,
    /// Validation error compared with that of the study's own way.
    pub val_against_own: PairedTest,
    /// Test error compared with that of the study's own way.
    pub test_against_own: PairedTest,
}
