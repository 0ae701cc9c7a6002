//! Estimates of a training's time and memory.

use crate::{Experiment, ForecasterConfig, Structure};

/// Multiply–accumulates per second on the CPU in a browser: 32 windows of 492,480 each, forward and
/// backward, took 9.7 ms in Chromium on one core of an ordinary server.
const SPEED: f64 = 4.9e9;

/// A backward pass costs twice a forward one.
const PASSES: f64 = 3.0;

/// Seconds above which a training causes a warning.
pub const LONG_TRAINING: f64 = 100.0;

/// Bytes per number.
const BYTES: f64 = 4.0;

/// Bytes that a layer needs besides its parameters: measured with layers of width 1, whose tensors, gradients,
/// moments and nodes of the backward pass are small objects each.
const LAYER_BYTES: f64 = 300_000.0;

impl Experiment {
    /// Seconds of training on one core of a CPU, dense and fine-tuned, over `windows` windows,
    /// without the evaluation.
    pub fn training_seconds(&self, windows: usize) -> f64 {
        let tuned = if self.controls.dense_finetuned { 2 } else { 1 };
        let epochs = self.training.epochs + tuned * self.finetune.epochs;
        let macs = Structure::dense(self.forecaster.clone()).cost().macs;
        PASSES * macs as f64 * windows as f64 * epochs as f64 / SPEED
    }

    /// Bytes that a training step needs: activations of a batch, weights with their gradients and two moments of
    /// Adam, and a fixed part of each layer. Floating point, so that it cannot overflow.
    pub fn step_memory(&self) -> f64 {
        let batch = self.training.batch.max(self.finetune.batch) as f64;
        BYTES * batch * self.forecaster.activations() + self.forecaster.weight_memory(4)
    }
}

impl ForecasterConfig {
    /// Bytes of the dense model with `copies` numbers per parameter: 1 for a forecast, 4 for a training with
    /// Adam (weight, gradient, two moments).
    pub fn weight_memory(&self, copies: usize) -> f64 {
        let dense = Structure::dense(self.clone());
        // Frozen weights have neither gradients nor moments.
        let numbers = copies as f64 * dense.cost().params as f64 + dense.frozen() as f64;
        BYTES * numbers + LAYER_BYTES * self.layers() as f64
    }
}

/// A rounded duration as text.
pub fn rough_duration(seconds: f64) -> String {
    if seconds < 10.0 {
        "a few seconds".to_owned()
    } else if seconds < 90.0 {
        format!("{:.0} s", (seconds / 10.0).round() * 10.0)
    } else if seconds < 5_400.0 {
        format!("{:.0} min", (seconds / 60.0).round().max(1.0))
    } else {
        format!("{:.0} h", (seconds / 3_600.0).round().max(2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded() {
        assert_eq!(rough_duration(3.2), "a few seconds");
        assert_eq!(rough_duration(34.0), "30 s");
        assert_eq!(rough_duration(95.0), "2 min");
        assert_eq!(rough_duration(9_000.0), "3 h");
    }
}
