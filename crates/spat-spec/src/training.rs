//! Configuration of a training.

use serde::{Deserialize, Serialize};

use crate::ConfigError;

/// The largest batch: a table has no more windows that a step could hold in memory.
const LARGEST_BATCH: usize = 1 << 20;

/// The most epochs. The result of each is kept in memory and in files.
const MOST_EPOCHS: usize = 100_000;

/// Everything that determines a training besides the model, the data and the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    /// Largest number of passes over the training windows.
    pub epochs: usize,
    /// Windows per step. The last, smaller batch of an epoch is trained on too.
    pub batch: usize,
    /// Learning rate before the schedule.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Epochs without a lower validation loss before training stops; `None` never stops early.
    pub patience: Option<usize>,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// Largest Euclidean norm of all gradients together; `None` does not clip.
    pub clip_norm: Option<f64>,
}

impl Default for TrainingConfig {
    /// The defaults of Time-Series-Library's and iTransformer's `run.py`.
    fn default() -> Self {
        Self {
            epochs: 10,
            batch: 32,
            learning_rate: 1e-4,
            schedule: Schedule::Halving,
            patience: Some(3),
            optimizer: OptimizerConfig::Adam,
            clip_norm: None,
        }
    }
}

/// The optimisers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerConfig {
    /// Adam (arXiv 1412.6980), β = 0.9, 0.999, ε = 1e-8, as in PyTorch.
    Adam,
    /// Adam with decoupled weight decay (arXiv 1711.05101).
    AdamW {
        /// Weight decay λ, multiplied by the learning rate.
        weight_decay: f64,
    },
}

/// Learning-rate schedules of the public codes, by epoch counted from 1, or by step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Constant.
    Constant,
    /// `type1` of Time-Series-Library: after epoch e the rate becomes `lr · 0.5^(e − 1)`, so the
    /// first two epochs run at `lr` and each later one at half of the one before.
    Halving,
    /// `type3` of PatchTST: after epoch e the rate becomes `lr` for e < 3 and `lr · 0.9^(e − 3)`
    /// from then on.
    Decay,
    /// `type3` of FITS and of others of its lineage: after epoch e the rate becomes `lr · factor^(e − 1)`.
    Exponential {
        /// What the rate is multiplied by per epoch.
        factor: f64,
    },
    /// PyTorch's `OneCycleLR` with cosine annealing, by step: `TST` of PatchTST.
    OneCycle {
        /// Share of the steps in which the rate rises.
        rising: f64,
    },
    /// Half a cosine from `lr` to 0 over all steps.
    Cosine,
}

impl TrainingConfig {
    /// The default training of the linear baselines: a learning rate of 5e-3.
    pub fn linear() -> Self {
        Self {
            learning_rate: 5e-3,
            ..Self::default()
        }
    }

    /// Checks the values. Zero epochs are allowed: nothing is trained.
    ///
    /// # Errors
    /// The invalid value, and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(1..=LARGEST_BATCH).contains(&self.batch) {
            return Err(ConfigError::new(
                format!("a batch of {} windows", self.batch),
                format!("use 1 to {LARGEST_BATCH}"),
            ));
        }
        if self.epochs > MOST_EPOCHS {
            return Err(ConfigError::new(
                format!("a training of {} epochs", self.epochs),
                format!("use {MOST_EPOCHS} or less"),
            ));
        }
        positive("learning rate", self.learning_rate)?;
        if let Some(norm) = self.clip_norm {
            positive("norm to clip gradients at", norm)?;
        }
        match (self.optimizer, self.schedule) {
            (OptimizerConfig::AdamW { weight_decay }, _)
                if !(0.0..).contains(&weight_decay) || weight_decay.is_infinite() =>
            {
                Err(ConfigError::new(
                    format!("a weight decay of {weight_decay}"),
                    "use 0 or a positive number",
                ))
            }
            (_, Schedule::OneCycle { rising }) if !(rising > 0.0 && rising < 1.0) => {
                Err(ConfigError::new(
                    format!("a one-cycle schedule that rises for a share of {rising}"),
                    "use a share between 0 and 1, such as 0.3",
                ))
            }
            (_, Schedule::Exponential { factor }) if !(factor > 0.0 && factor <= 1.0) => {
                Err(ConfigError::new(
                    format!("an exponential schedule with a factor of {factor}"),
                    "use a factor above 0 and at most 1, such as 0.95",
                ))
            }
            _ => Ok(()),
        }
    }

    /// The learning rate of step `step` (counted from 0 over the whole training), with
    /// `steps_per_epoch` steps per epoch.
    pub fn learning_rate_at(&self, step: usize, steps_per_epoch: usize) -> f64 {
        // The public codes set the rate after an epoch, so an epoch uses the rate of the previous one.
        let set_after = (step / steps_per_epoch.max(1)) as i32;
        let total = self.epochs.saturating_mul(steps_per_epoch).max(1);
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Halving => self.learning_rate * 0.5_f64.powi((set_after - 1).max(0)),
            Schedule::Exponential { factor } => {
                self.learning_rate * factor.powi((set_after - 1).max(0))
            }
            Schedule::Decay if set_after < 3 => self.learning_rate,
            Schedule::Decay => self.learning_rate * 0.9_f64.powi(set_after - 3),
            Schedule::OneCycle { rising } => one_cycle(self.learning_rate, rising, step, total),
            Schedule::Cosine => {
                let progress = step as f64 / total as f64;
                self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

/// Checks that a number is above 0.
pub(crate) fn positive(what: &str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(ConfigError::new(
        format!("the {what} is {value}"),
        "use a number above 0",
    ))
}

/// PyTorch's `OneCycleLR`: from `max / 25` up to `max`, then down to `max / 25 / 10⁴`, both as
/// half cosines.
fn one_cycle(max: f64, rising: f64, step: usize, total: usize) -> f64 {
    let start = max / 25.0;
    let end = start / 1e4;
    let peak = rising * total as f64 - 1.0;
    let last = total as f64 - 1.0;
    let step = step as f64;
    let half_cosine = |from: f64, to: f64, share: f64| {
        to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share.clamp(0.0, 1.0)).cos())
    };
    if step <= peak {
        half_cosine(start, max, step / peak.max(f64::MIN_POSITIVE))
    } else {
        half_cosine(
            max,
            end,
            (step - peak) / (last - peak).max(f64::MIN_POSITIVE),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(schedule: Schedule, epochs: usize, step: usize, per_epoch: usize) -> f64 {
        let config = TrainingConfig {
            epochs,
            schedule,
            learning_rate: 1.0,
            ..TrainingConfig::default()
        };
        config.learning_rate_at(step, per_epoch)
    }

    #[test]
    fn epoch_schedules_follow_the_public_codes() {
        let by_epoch = |schedule| {
            (0..6)
                .map(|epoch| rate(schedule, 10, 4 * epoch, 4))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            by_epoch(Schedule::Halving),
            [1.0, 1.0, 0.5, 0.25, 0.125, 0.0625]
        );
        assert_eq!(
            by_epoch(Schedule::Decay),
            [1.0, 1.0, 1.0, 1.0, 0.9, 0.9 * 0.9]
        );
        assert_eq!(
            by_epoch(Schedule::Exponential { factor: 0.5 }),
            by_epoch(Schedule::Halving)
        );
    }

    /// Values printed by `torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=20,
    /// pct_start=0.3)`: start 0.04, peak at step 5, end 4e-6.
    #[test]
    fn one_cycle_equals_pytorch() {
        let cycle = Schedule::OneCycle { rising: 0.3 };
        assert!((rate(cycle, 5, 0, 4) - 0.04).abs() < 1e-12);
        assert!((rate(cycle, 5, 5, 4) - 1.0).abs() < 1e-12);
        assert!((rate(cycle, 5, 19, 4) - 4e-6).abs() < 1e-12);
        assert!((rate(cycle, 5, 12, 4) - 0.500002).abs() < 1e-9);
    }
}
