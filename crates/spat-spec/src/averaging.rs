//! Averages of weights over the steps of a training, and which weights a training kept.

use serde::{Deserialize, Serialize};

use crate::adaptive::null_as_nan;
use crate::{ConfigError, EpochResult};

/// Averaged weights that are validated beside the current ones. The weights with the lowest validation error are
/// kept, averaged or not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightAveraging {
    /// No average.
    #[default]
    None,
    /// Exponential moving average over the steps, starting from the weights before the first one. In step t,
    /// counted from 1, the former average has the weight `min(decay, (1 + t) / (10 + t))`, as in TensorFlow's
    /// `ExponentialMovingAverage` with `num_updates`.
    Ema {
        /// Largest weight of the former average, between 0 and 1.
        decay: f64,
    },
    /// Mean of the weights at all validations so far, which are the ends of the epochs and those within epochs
    /// (stochastic weight averaging, arXiv 1803.05407).
    Epochs,
}

impl WeightAveraging {
    /// A moving average with the usual decay.
    pub const EMA: Self = Self::Ema { decay: 0.99 };

    /// Whether nothing is averaged.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Self::Ema { decay } if !(decay > 0.0 && decay < 1.0) => Err(ConfigError::new(
                format!("a moving average of the weights with a decay of {decay}"),
                "use a decay between 0 and 1, such as 0.99",
            )),
            _ => Ok(()),
        }
    }
}

/// The weights that a training keeps in an epoch, where they are not simply those at its end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KeptWeights {
    /// Share of the epoch's steps after which they were validated: 1 at its end.
    pub share: f64,
    /// Whether they are averaged.
    pub averaged: bool,
    /// Their validation error; NaN if it is not finite.
    #[serde(deserialize_with = "null_as_nan")]
    pub val_mse: f64,
}

impl KeptWeights {
    /// Whether they are the plain weights at the end of the epoch.
    pub fn is_plain_end(&self) -> bool {
        self.share >= 1.0 && !self.averaged
    }
}

/// Which weights a fine-tuning with these epochs kept, in a sentence; `None` if they are the plain ones at the end of
/// an epoch.
pub fn kept_in_words(epochs: &[EpochResult]) -> Option<String> {
    epochs.first()?;
    let Some(best) = epochs.iter().rfind(|epoch| epoch.best) else {
        return Some(
            "Fine-tuning kept the weights from before its first step: no later ones have a lower validation error."
                .to_owned(),
        );
    };
    let kept = best.kept?;
    let averaged = if kept.averaged { "averaged " } else { "" };
    let place = if kept.share < 1.0 {
        format!("after {:.0} % of", 100.0 * kept.share)
    } else {
        "at the end of".to_owned()
    };
    Some(format!(
        "Fine-tuning kept the {averaged}weights {place} epoch {}, which have the lowest validation error.",
        best.epoch
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, best: bool, kept: Option<(f64, bool)>) -> EpochResult {
        EpochResult {
            epoch,
            train_loss: 1.0,
            val_mse: 1.0,
            learning_rate: 1e-3,
            seconds: 0.0,
            best,
            kept: kept.map(|(share, averaged)| KeptWeights {
                share,
                averaged,
                val_mse: 0.9,
            }),
        }
    }

    #[test]
    fn kept_weights_are_named() {
        assert_eq!(kept_in_words(&[]), None);
        assert_eq!(
            kept_in_words(&[epoch(1, true, None), epoch(2, false, None)]),
            None
        );
        let words = |epochs: &[EpochResult]| kept_in_words(epochs).unwrap_or_default();
        assert!(words(&[epoch(1, false, None)]).contains("before its first step"));
        let late = [epoch(1, true, None), epoch(2, true, Some((1.0, true)))];
        assert!(words(&late).contains("averaged weights at the end of epoch 2"));
        let early = [epoch(1, true, Some((0.25, false))), epoch(2, false, None)];
        assert!(words(&early).contains("kept the weights after 25 % of epoch 1"));
    }

    /// Epochs of older files have no such field and are written without it.
    #[test]
    fn plain_epochs_have_no_field_for_it() {
        let text = serde_json::to_string(&epoch(1, true, None)).unwrap_or_default();
        assert!(!text.contains("kept"), "{text}");
    }
}
