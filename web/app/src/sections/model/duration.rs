//! How long a training will take, roughly.

use spat_spec::{Cost, Experiment};

/// Multiply–accumulates in a second on the CPU in a browser: 32 windows of 492,480 each, forward and
/// backward, took 9.7 ms in Chromium on one core of an ordinary server.
const SPEED: f64 = 4.9e9;

/// A backward pass costs twice a forward one.
const PASSES: f64 = 3.0;

/// From here on a person should know before they start.
pub(super) const LONG: f64 = 100.0;

/// Seconds of training on the CPU, dense and fine-tuned, without the evaluation.
pub(super) fn seconds(experiment: &Experiment, cost: &Cost, windows: usize) -> f64 {
    let tuned = if experiment.controls.dense_finetuned {
        2
    } else {
        1
    };
    let epochs = experiment.training.epochs + tuned * experiment.finetune.epochs;
    PASSES * cost.macs as f64 * windows as f64 * epochs as f64 / SPEED
}

/// In words, with no more digits than are known.
pub(super) fn words(seconds: f64) -> String {
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
    fn no_more_digits_than_are_known() {
        assert_eq!(words(3.2), "a few seconds");
        assert_eq!(words(34.0), "30 s");
        assert_eq!(words(95.0), "2 min");
        assert_eq!(words(9_000.0), "3 h");
    }
}
