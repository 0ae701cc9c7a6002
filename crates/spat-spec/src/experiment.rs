//! Everything that determines a result.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spat_series::{ReadOptions, SeriesOptions, SplitRule};

use crate::ConfigError;
use crate::{
    ForecasterConfig, PruneRule, Schedule, Scorer, SendOptions, TrainingConfig, WeightAveraging,
    When,
};

/// One run: pre-train with scoring → plan → prune → fine-tune → evaluate, with its controls.
///
/// Two runs with equal experiments on equal bytes give equal results on the CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// How the table is read, repaired and split.
    pub data: DataConfig,
    /// The dense forecaster.
    pub forecaster: ForecasterConfig,
    /// Pre-training.
    pub training: TrainingConfig,
    /// The scorer that ranks the modules.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scorer: Scorer,
    /// Options of SEND, if it is the scorer.
    pub send: SendOptions,
    /// How many modules are removed.
    pub prune: PruneRule,
    /// Fine-tuning after the removal; no epochs means none.
    pub finetune: TrainingConfig,
    /// Controls that the result is compared with.
    pub controls: Controls,
    /// Seed of the initial weights, the order of windows and the dropout masks.
    pub seed: u64,
}

/// How windows are made from a table's bytes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataConfig {
    /// How the text is read.
    pub read: ReadOptions,
    /// Channels and repairs.
    pub series: SeriesOptions,
    /// Train, validation and test rows.
    pub split: SplitRule,
}

/// Control experiments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Controls {
    /// Fine-tune the dense model exactly as long as the pruned one: the effect of additional training alone.
    pub dense_finetuned: bool,
    /// Train the pruned structure from new weights: the effect of the trained weights.
    pub pruned_from_scratch: bool,
    /// Train linear models on the same windows: whether a Transformer is needed at all. Omitted from files if
    /// it is set, so that hashes of older experiments are unchanged.
    #[serde(skip_serializing_if = "is_set")]
    pub linear_baselines: bool,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            dense_finetuned: true,
            pruned_from_scratch: false,
            linear_baselines: true,
        }
    }
}

fn is_set(wanted: &bool) -> bool {
    *wanted
}

/// Omits the default from the JSON, so that hashes of older experiments are unchanged.
fn is_default(scorer: &Scorer) -> bool {
    *scorer == Scorer::default()
}

impl ForecasterConfig {
    /// Checks that a scorer can rank the attention modules of this model.
    ///
    /// # Errors
    /// The scorer needs gradients of weights that are frozen.
    pub fn check_scorer(&self, scorer: Scorer) -> Result<(), ConfigError> {
        let is_frozen = || self.sites().iter().any(|site| site.frozen);
        if scorer.needs().trainable_weights && is_frozen() {
            return Err(ConfigError::new(
                format!(
                    "the scorer `{scorer}` needs gradients of attention weights, and those of {} are frozen",
                    self.name()
                ),
                format!("use another scorer, such as `{}`", Scorer::default()),
            ));
        }
        Ok(())
    }
}

impl Experiment {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// The first invalid value, and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.forecaster.check()?;
        self.training.check()?;
        self.finetune.check()?;
        self.prune.check()?;
        self.send.check()?;
        self.forecaster.check_scorer(self.scorer)?;
        if self.prune.granularity.is_modules() {
            return Ok(());
        }
        if let Some((module, reason)) = self.forecaster.indivisible() {
            return Err(ConfigError::new(
                format!("single heads of `{module}` cannot be removed: {reason}"),
                "remove whole modules, or change this setting",
            ));
        }
        if self.scorer.scores_heads() {
            return Ok(());
        }
        Err(ConfigError::new(
            format!("the scorer `{}` has no scores of single heads", self.scorer),
            format!("remove whole modules, or use `{}`", Scorer::default()),
        ))
    }

    /// Whether modules are scored during pre-training, not after it.
    pub fn scores_during_training(&self) -> bool {
        self.scorer.needs().steps && self.send.when == When::During
    }

    /// Fine-tuning as published: three epochs with the configuration and learning rate of the pre-training. The weights
    /// of the best epoch are kept.
    pub fn finetune_like(training: &TrainingConfig) -> TrainingConfig {
        TrainingConfig {
            epochs: 3,
            schedule: match training.schedule {
                // A schedule that spans the whole training would restart its warm-up.
                Schedule::OneCycle { .. } | Schedule::Cosine => Schedule::Halving,
                by_epoch => by_epoch,
            },
            ..training.clone()
        }
    }

    /// The default fine-tuning of models without published settings: as [`Experiment::finetune_like`], but
    /// validation may also keep the mean of the weights over the epochs, or the weights before the first step. On
    /// five tables (`spat study TABLE --only finetuning`) its mean test error was lower than that of the published
    /// way, and on none higher beyond the variation over seeds.
    pub fn finetune_default(training: &TrainingConfig) -> TrainingConfig {
        TrainingConfig {
            averaging: WeightAveraging::Epochs,
            keep_start: true,
            ..Self::finetune_like(training)
        }
    }

    /// Sixteen hexadecimal digits of SHA-256 over the experiment's JSON and the table's bytes.
    pub fn hash(&self, table: &[u8]) -> String {
        let mut digest = Sha256::new();
        // Fields have a fixed order, so equal experiments give equal text.
        digest.update(serde_json::to_vec(self).unwrap_or_default());
        digest.update(table);
        digest
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
