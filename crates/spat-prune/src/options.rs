//! Options of the baseline scorers.

use serde::{Deserialize, Serialize};
use spat_spec::SendOptions;

/// Options of all scorers; each reads its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoringOptions {
    /// Seed of the random order and of the hard-concrete gates.
    pub seed: u64,
    /// Options of SEND; the mask's shape also applies to the sum of sensitivities.
    pub send: SendOptions,
    /// Exponent p of the magnitude: 1 or 2.
    pub magnitude_power: i32,
    /// Whether Michel's head values are divided by the ℓ2 norm of their layer, as its authors do before they
    /// rank heads. Module values are not divided, since that would make all layers equal.
    pub michel_layer_norm: bool,
    /// Whether leave-one-out and the gates also score heads, at the cost of one more pass (or gate) per head.
    pub heads: bool,
    /// The training of the movement scorer.
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

/// Plain gradient descent on all weights, with the batches in turn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tuning {
    /// Number of steps.
    pub steps: usize,
    /// Learning rate.
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

/// Adam on the gates' parameters alone, with the batches in turn; the weights are unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GateTraining {
    /// Steps in all.
    pub steps: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// λ, the penalty of one open gate in units of the loss.
    pub penalty: f64,
    /// Initial log a of every gate.
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
