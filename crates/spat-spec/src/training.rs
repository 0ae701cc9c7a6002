//! Configuration of a training.

use serde::{Deserialize, Serialize};

use crate::{ConfigError, WeightAveraging};

/// The largest batch: a table has no more windows that a step could hold in memory.
const LARGEST_BATCH: usize = 1 << 20;

/// The most epochs. The result of each is kept in memory and in files.
const MOST_EPOCHS: usize = 100_000;

/// The most validations per epoch.
const MOST_VALIDATIONS: usize = 1_000;

/// Tables with fewer training windows have few steps per epoch: see [`TrainingConfig::for_windows`].
pub const FEW_TRAINING_WINDOWS: usize = 2_000;

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
    /// Validations without a lower loss before training stops, which are epochs if there is one validation per
    /// epoch; `None` never stops early.
    pub patience: Option<usize>,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// Largest Euclidean norm of all gradients together; `None` does not clip.
    pub clip_norm: Option<f64>,
    /// Averaged weights that are validated beside the current ones. This field and those below are omitted from
    /// files if they have their defaults, so that hashes of older experiments are unchanged.
    #[serde(default, skip_serializing_if = "WeightAveraging::is_none")]
    pub averaging: WeightAveraging,
    /// Validations per epoch, at equal distances; the last is at its end. Early stopping may end a training at
    /// each.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub validations: usize,
    /// Whether the weights before the first step are validated as well, and kept if none are better.
    #[serde(default, skip_serializing_if = "is_off")]
    pub keep_start: bool,
}

fn once() -> usize {
    1
}

fn is_once(validations: &usize) -> bool {
    *validations == 1
}

fn is_off(switch: &bool) -> bool {
    !*switch
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
            averaging: WeightAveraging::None,
            validations: 1,
            keep_start: false,
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

    /// This training for a table of `windows` training windows. The default of ten epochs whose rate is halved ends
    /// after too few steps if the windows are fewer than [`FEW_TRAINING_WINDOWS`]: those tables have up to 100 epochs
    /// at a constant rate, and training stops after five without gain. Other trainings, such as those of the linear
    /// models, stay as they are.
    ///
    /// Measured on national_illness.csv (437 windows) and seattle-weather.csv (988) with two seeds: the test error of
    /// iTransformer falls by 11 to 16 % and by 2 to 4 %, that of PatchTST by 0 and 0.5 %, and that of TSMixer by more
    /// than half.
    pub fn for_windows(self, windows: usize) -> Self {
        if windows >= FEW_TRAINING_WINDOWS || self != Self::default() {
            return self;
        }
        Self {
            epochs: 100,
            schedule: Schedule::Constant,
            patience: Some(5),
            ..self
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
        if !(1..=MOST_VALIDATIONS).contains(&self.validations) {
            return Err(ConfigError::new(
                format!("{} validations per epoch", self.validations),
                format!("use 1 to {MOST_VALIDATIONS}"),
            ));
        }
        self.averaging.check()?;
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

    #[test]
    fn few_windows_have_more_epochs_only_by_default() {
        let default = TrainingConfig::default;
        let few = default().for_windows(FEW_TRAINING_WINDOWS - 1);
        assert_eq!((few.epochs, few.patience), (100, Some(5)));
        assert_eq!(few.learning_rate, default().learning_rate);
        few.check().unwrap();
        assert_eq!(default().for_windows(FEW_TRAINING_WINDOWS), default());
        let linear = TrainingConfig::linear();
        assert_eq!(linear.clone().for_windows(100), linear);
    }

    /// Files of earlier versions have none of the newer fields, and are written as they were read.
    #[test]
    fn older_files_keep_their_text() {
        let text = serde_json::to_string(&TrainingConfig::default()).unwrap();
        for newer in ["averaging", "validations", "keep_start"] {
            assert!(!text.contains(newer), "{newer}");
        }
        let read: TrainingConfig = serde_json::from_str(&text).unwrap();
        assert_eq!(read, TrainingConfig::default());

        let new = TrainingConfig {
            averaging: WeightAveraging::Ema { decay: 0.99 },
            validations: 4,
            keep_start: true,
            ..TrainingConfig::default()
        };
        let text = serde_json::to_string(&new).unwrap();
        assert!(
            text.contains(
                r#""averaging":{"ema":{"decay":0.99}},"validations":4,"keep_start":true"#
            )
        );
        assert_eq!(serde_json::from_str::<TrainingConfig>(&text).unwrap(), new);
    }

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
