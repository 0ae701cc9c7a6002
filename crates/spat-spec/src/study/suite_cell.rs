//! The results of one cell of a suite.

use serde::{Deserialize, Serialize};

use super::ErrorSpread;
use crate::{ModuleId, WindowCounts};

/// Results of a cell. Lists have an entry per seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// Index in [`crate::Suite::cells`].
    pub cell: usize,
    /// Windows of each part.
    pub windows: WindowCounts,
    /// After training.
    pub dense: ErrorSpread,
    /// What was measured by pruning; absent of a model that is not pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned: Option<PrunedCell>,
}

/// Results of a cell whose model is pruned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrunedCell {
    /// The modules that can be removed, from input to output.
    pub modules: Vec<ModuleId>,
    /// Dense, fine-tuned as long as the pruned ones.
    pub control: ErrorSpread,
    /// SEND at the ratio.
    pub ratio: PrunedModels,
    /// The selection rule.
    pub rule: PrunedModels,
    /// The best subset in hindsight; absent if not every subset was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<PrunedModels>,
    /// Regret of each ranking method; empty if not every subset was trained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regrets: Vec<MethodRegret>,
}

/// Pruned models, one per seed, fine-tuned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrunedModels {
    /// Indices of the removed modules.
    pub removed: Vec<Vec<usize>>,
    /// Trainable parameters.
    pub params: Vec<u64>,
    /// Multiply–accumulates of one window.
    pub macs: Vec<u64>,
    /// Test MSE.
    pub mse: Vec<f64>,
    /// Test MAE.
    pub mae: Vec<f64>,
}

/// The regret of a ranking method in a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodRegret {
    /// [`crate::RankingMethodName::name`].
    pub name: String,
    /// Test MSE above that of the best subset of the same size in percent, mean over sizes; one value per seed.
    pub percent: Vec<f64>,
}
