//! Estimates of a training's time and memory.

use crate::{Experiment, ForecasterConfig, Structure};

/// Multiply–accumulates per second on the CPU in a browser: 32 windows of 492,480 each, forward and
/// backward, took 9.7 ms in Chromium on one core of an ordinary server.
const SPEED: f64 = 4.9e9;

/// Numbers that the forward pass keeps, per second, with all element-wise work on them in both passes. Together with
/// [`SPEED`] it explains the training times of PatchTST, Crossformer, Transformer, GPT4TS, TimeMixer and Time-LLM on
/// one core in Chromium to a fifth (`node tests/browser/catalogue_times.mjs`), of Autoformer and Informer to half
/// more than they take. Models that train in seconds take up to 2.5 times as long.
const NUMBERS: f64 = 2.5e8;

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
        let tuned = match (
            self.forecaster.modules().is_empty(),
            self.controls.dense_finetuned,
        ) {
            // Nothing is removed, and nothing fine-tuned.
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        let epochs = self.training.epochs + tuned * self.finetune.epochs;
        let macs = Structure::dense(self.forecaster.clone()).cost().macs;
        let window = PASSES * macs as f64 / SPEED + self.forecaster.activations() / NUMBERS;
        window * windows as f64 * epochs as f64
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        Controls, DataConfig, ModelKind, PruneRule, Scorer, SendOptions, Size, TrainingConfig,
        Window,
    };

    /// The web app's first size, its epochs and its sample: 15 channels, 5,992 windows. A size for a
    /// first impression must not become a long training with any model.
    #[test]
    fn a_small_size_of_every_model_is_no_long_training() {
        let small = Size {
            width: 32,
            layers: 3,
            heads: 4,
        };
        for kind in ModelKind::all() {
            let (mut forecaster, training) = kind.defaults(Window::new(96, 24, 15), true);
            forecaster.resize(small);
            forecaster.check().unwrap();
            let experiment = Experiment {
                data: DataConfig::default(),
                forecaster,
                finetune: TrainingConfig {
                    epochs: 1,
                    ..training.clone()
                },
                training: TrainingConfig {
                    epochs: 2,
                    ..training
                },
                scorer: Scorer::default(),
                send: SendOptions::default(),
                prune: PruneRule::default(),
                controls: Controls {
                    dense_finetuned: true,
                    pruned_from_scratch: false,
                    linear_baselines: true,
                },
                seed: 1,
            };
            let seconds = experiment.training_seconds(5_992);
            assert!(seconds < LONG_TRAINING, "{}: {seconds:.0} s", kind.id);
        }
    }

    /// Other sizes have the default tokens again.
    #[test]
    fn a_larger_size_restores_what_a_small_one_reduces() {
        let size = |width| Size {
            width,
            layers: 4,
            heads: 4,
        };
        for kind in ModelKind::all() {
            let (mut direct, _) = kind.defaults(Window::new(96, 24, 15), true);
            let mut restored = direct.clone();
            direct.resize(size(64));
            restored.resize(size(32));
            restored.resize(size(64));
            assert_eq!(restored, direct, "{}", kind.id);
        }
    }

    #[test]
    fn durations_are_rounded() {
        assert_eq!(rough_duration(3.2), "a few seconds");
        assert_eq!(rough_duration(34.0), "30 s");
        assert_eq!(rough_duration(95.0), "2 min");
        assert_eq!(rough_duration(9_000.0), "3 h");
    }
}
