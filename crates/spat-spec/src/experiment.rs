//! Everything that decides a result.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spat_series::{ReadOptions, SeriesOptions, SplitRule};

use crate::ConfigError;
use crate::{ForecasterConfig, PruneRule, Schedule, Scorer, SendOptions, TrainingConfig, When};

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
    /// What ranks the modules.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scorer: Scorer,
    /// How SEND is taken, if it ranks.
    pub send: SendOptions,
    /// How many modules go.
    pub prune: PruneRule,
    /// Fine-tuning after the removal; no epochs means none.
    pub finetune: TrainingConfig,
    /// What the result is compared with.
    pub controls: Controls,
    /// Decides the initial weights, the order of windows and the dropout masks.
    pub seed: u64,
}

/// From bytes to windows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataConfig {
    /// How the text is read.
    pub read: ReadOptions,
    /// Which channels, and what is repaired.
    pub series: SeriesOptions,
    /// Train, validation and test rows.
    pub split: SplitRule,
}

/// Comparisons without which a pruned model's figure says little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Controls {
    /// The dense model fine-tuned exactly as long as the pruned one: is a gain more than extra
    /// training?
    pub dense_finetuned: bool,
    /// The pruned structure trained from new weights: did the trained weights matter?
    pub pruned_from_scratch: bool,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            dense_finetuned: true,
            pruned_from_scratch: false,
        }
    }
}

/// Left out of the JSON, so that the hashes of experiments from before the field stay.
fn is_default(scorer: &Scorer) -> bool {
    *scorer == Scorer::default()
}

impl Experiment {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// Names the first value that is wrong and what would be right.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.forecaster.check()?;
        self.training.check()?;
        self.finetune.check()?;
        self.prune.check()?;
        self.send.check()?;
        if self.prune.granularity.is_modules() || self.scorer.scores_heads() {
            return Ok(());
        }
        Err(ConfigError::new(
            format!("the scorer `{}` has no scores of single heads", self.scorer),
            format!("remove whole modules, or use `{}`", Scorer::default()),
        ))
    }

    /// Whether modules are scored in the steps of pre-training, and not after it.
    pub fn scores_during_training(&self) -> bool {
        self.scorer.needs().steps && self.send.when == When::During
    }

    /// Fine-tuning as in the first evidence for this method: three epochs of the pre-training's
    /// own recipe, from its own learning rate.
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

    /// Sixteen hexadecimal digits of SHA-256 over the experiment's JSON and the table's bytes.
    pub fn hash(&self, table: &[u8]) -> String {
        let mut digest = Sha256::new();
        // Maps have a fixed order of fields here, so equal experiments give equal text.
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
