//! What the history shows of a run that the browser keeps.

use serde::{Deserialize, Serialize};
use spat_spec::Experiment;
use spat_wire::Engine;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// The dense model was being trained.
    Training,
    /// It is trained.
    Trained,
    /// The pruned model was being trained.
    Pruning,
    /// The report is there.
    Finished,
}

/// A run in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// The person's name for it.
    pub(crate) title: String,
    /// The table's file name.
    pub(crate) table: String,
    pub(crate) experiment: Experiment,
    pub(crate) engine: Engine,
    pub(crate) stage: Stage,
    /// Milliseconds since 1970.
    pub(crate) begun: f64,
    /// Dense and pruned test MSE, scaled, once finished.
    pub(crate) mse: Option<(f64, f64)>,
    /// Change of multiply–accumulates in percent, once finished.
    pub(crate) macs_percent: Option<f64>,
}
