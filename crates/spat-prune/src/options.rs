//! Options of the baseline scorers.

use serde::{Deserialize, Serialize};
use spat_spec::SendOptions;

/// Choices of all scorers; each reads its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoringOptions {
    /// Decides the draws of the random order and of the hard-concrete gates.
    pub seed: u64,
    /// SEND's own; the mask's shape also counts for the sum of sensitivities.
    pub send: SendOptions,
    /// p of the magnitude: 1 or 2.
    pub magnitude_power: i32,
    /// Whether Michel's heads are divided by the ℓ2 norm of their layer, as its authors do before
    /// they rank heads. A module's own value never is: that would make all layers equal.
    pub michel_layer_norm: bool,
    /// Whether leave-one-out and the gates pay for the heads too: one more pass (or gate) each.
    pub heads: bool,
    /// The training in which movement is watched.
    pub tuning: Tuning,
    /// The training of the hard-concrete gates.
    pub gates: GateTraining,
}

impl Default for ScoringOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            send: SendOptions::default(),
            magnitude_power: 1,
            michel_layer_norm: false,
            heads: true,
            tuning: Tuning::default(),
            gates: GateTraining::default(),
        }
    }
}

/// Plain gradient descent on all weights, the batches taken in turn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tuning {
    /// Steps in all.
    pub steps: usize,
    /// Share of the gradient that a step takes off.
    pub learning_rate: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            steps: 50,
            learning_rate: 1e-2,
        }
    }
}

/// Adam on the gates' parameters alone, the batches taken in turn; the weights stay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GateTraining {
    /// Steps in all.
    pub steps: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// λ, the price of one open gate in units of the loss.
    pub penalty: f64,
    /// log a of every gate at the start.
    pub start: f64,
}

impl Default for GateTraining {
    fn default() -> Self {
        Self {
            steps: 200,
            learning_rate: 0.05,
            penalty: 0.02,
            start: 2.0,
        }
    }
}
