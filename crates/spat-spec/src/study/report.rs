//! The results of a study: the source of its page, its tables and its findings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FinetuningResult, Question, Spread, Study};
use crate::{DataFacts, DeviceFacts, HeadRemoval, ModuleId};

/// A study's result. It does not depend on times, interruptions or the number of workers; times are in
/// [`StudyTimings`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyReport {
    /// The version of the program.
    pub version: String,
    /// The command that reproduces the result.
    pub command: String,
    /// [`Study::hash`].
    pub hash: String,
    /// Everything that determined the result.
    pub study: Study,
    /// The training table.
    pub data: DataFacts,
    /// Findings for and against the method.
    pub findings: Vec<Finding>,
    /// One entry per depth.
    pub depths: Vec<DepthReport>,
    /// Results on models with a known order.
    #[serde(rename = "planted", default, skip_serializing_if = "Vec::is_empty")]
    pub ground_truth: Vec<GroundTruthResult>,
    /// Errors on other tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<Transfer>,
}

/// Whether a finding supports the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Supports the method.
    For,
    /// Contradicts it.
    Against,
    /// Undecided.
    Open,
}

/// One sentence derived from the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The question.
    pub question: Question,
    /// Whether it supports the method.
    pub stance: Stance,
    /// The sentence, with its numbers.
    pub text: String,
}

/// The kind of error measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mean squared errors of forecasts in scaled space, and mean absolute errors.
    #[default]
    Forecast,
    /// Cross-entropies in nats, and shares of wrong answers.
    Classification,
}

impl Measure {
    /// Label of the main measure on test data.
    pub fn test(self) -> &'static str {
        match self {
            Self::Forecast => "test MSE",
            Self::Classification => "test loss",
        }
    }

    /// Label of the main measure on validation data.
    pub fn validation(self) -> &'static str {
        match self {
            Self::Forecast => "validation MSE",
            Self::Classification => "validation loss",
        }
    }

    /// Label of the second measure on test data.
    pub fn beside(self) -> &'static str {
        match self {
            Self::Forecast => "test MAE",
            Self::Classification => "wrong answers, test",
        }
    }

    /// Unit of the main measure.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Forecast => "scaled",
            Self::Classification => "nats",
        }
    }

    /// Name of one input of the model.
    pub fn sample(self) -> &'static str {
        match self {
            Self::Forecast => "window",
            Self::Classification => "sequence",
        }
    }

    fn is_forecast(&self) -> bool {
        *self == Self::Forecast
    }
}

/// A model's errors over seeds, in the measures of [`Measure`], and its cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorSpread {
    /// Mean squared error or cross-entropy, validation data.
    pub val: Spread,
    /// The same, test data.
    pub test: Spread,
    /// Mean absolute error or share of wrong answers, test data.
    pub test_mae: Spread,
    /// Trainable parameters.
    pub params: u64,
    /// Multiply–accumulates of one window.
    pub macs: u64,
}

/// A paired comparison of two variants on the same seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedTest {
    /// Mean of (this − that) over the pairs.
    pub difference: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Two-sided p of the sign-flip permutation test; at least 2/2ⁿ for n pairs.
    pub p_permutation: f64,
    /// Two-sided p of the paired t test.
    pub p_t: f64,
    /// Pairs.
    pub pairs: usize,
}

/// Results of models of one depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DepthReport {
    /// Attention modules that can be removed; as many as encoder layers in most models.
    #[serde(rename = "layers")]
    pub module_count: usize,
    /// The kind of its errors.
    #[serde(default, skip_serializing_if = "Measure::is_forecast")]
    pub measure: Measure,
    /// Attention modules from input to output.
    pub modules: Vec<ModuleId>,
    /// The dense model after training.
    pub dense: ErrorSpread,
    /// The dense model fine-tuned exactly as long as the pruned ones.
    pub dense_finetuned: ErrorSpread,
    /// Every subset, if all were trained, in the order of their bit patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subsets: Vec<SubsetResult>,
    /// Increase of the fine-tuned model's error without each single module, on validation windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_val: Vec<Spread>,
    /// The same on test windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_test: Vec<Spread>,
    /// SEND and the baseline scorers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rankings: Vec<RankingReport>,
    /// Random choices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub random: Vec<RandomPick>,
    /// SEND with other options; the first are those of the study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<RankingReport>,
    /// Increasing numbers of modules removed by SEND.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweep: Vec<SweepPoint>,
    /// One module at a time against all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iterative: Vec<IterativePoint>,
    /// Heads against modules at the same cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadPoint>,
    /// Automatic choices of the number of modules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adaptive: Vec<AdaptiveResult>,
    /// Ways of fine-tuning; the first is that of the study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finetuning: Vec<FinetuningResult>,
    /// Stability of the ranking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stability: Option<Stability>,
    /// SEND compared with attention entropy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniformity: Option<Uniformity>,
}

impl DepthReport {
    /// Mean regret of the random choices, for each seed. `None` if no random choice has a regret.
    pub fn random_regret(&self) -> Option<Spread> {
        let regrets: Vec<&Spread> = self
            .random
            .iter()
            .filter_map(|pick| pick.regret.as_ref())
            .collect();
        let seeds = regrets.first()?.values.len();
        let of_seed = |seed: usize| {
            regrets
                .iter()
                .map(|regret| regret.values[seed])
                .sum::<f64>()
                / regrets.len() as f64
        };
        Some((0..seeds).map(of_seed).collect())
    }
}

/// Errors after removal of a subset of modules and fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubsetResult {
    /// Numbers of the removed modules.
    pub removed: Vec<usize>,
    /// On validation windows.
    pub val: Spread,
    /// On test windows.
    pub test: Spread,
}

/// A ranking of the modules, and the results of following it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankingReport {
    /// The name of the scorer, or of the options.
    pub name: String,
    /// Description of the scorer.
    pub title: String,
    /// Score of each module.
    pub scores: Vec<Spread>,
    /// Kendall's tau with the error increase of removing each module alone, on validation windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_val: Option<Spread>,
    /// The same, test windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_test: Option<Spread>,
    /// Kendall's tau with SEND with the study's options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_send: Option<Spread>,
    /// Its choices, by number of modules removed.
    pub picks: Vec<Pick>,
    /// Mean regret per seed over all numbers of modules except none and all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Spread>,
    /// That regret compared with SEND's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_send: Option<PairedTest>,
}

/// A choice of `count` modules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// Number of removed modules.
    pub count: usize,
    /// The removed modules, for each seed.
    pub removed: Vec<Vec<usize>>,
    /// Test error after fine-tuning.
    pub test: Spread,
    /// Error above that of the best subset of this size, on test windows, if all were trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Spread>,
}

/// Random choices of `count` modules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomPick {
    /// Number of removed modules.
    pub count: usize,
    /// Choices per seed.
    pub draws: usize,
    /// Whether these are all possible choices.
    pub exhaustive: bool,
    /// Mean test error over the choices, for each seed.
    pub test: Spread,
    /// Standard deviation between choices within a seed, mean over seeds.
    pub between: f64,
    /// Mean regret over the choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Spread>,
}

/// A number of modules removed by SEND, and its controls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepPoint {
    /// Number of removed modules.
    pub count: usize,
    /// After fine-tuning.
    pub tuned: ErrorSpread,
    /// Test error before fine-tuning.
    pub cut_test: Spread,
    /// The same structures trained from new weights, as long as the dense model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch_test: Option<Spread>,
    /// Compared with the dense model fine-tuned as long.
    pub against_dense_finetuned: PairedTest,
    /// Compared with training from new weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_scratch: Option<PairedTest>,
    /// Whether it is on the Pareto front of MACs and error.
    pub on_front: bool,
}

/// The same number of modules, removed one at a time or at once, with equal epochs of fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IterativePoint {
    /// Number of removed modules.
    pub count: usize,
    /// Total epochs of fine-tuning.
    pub epochs: usize,
    /// At once.
    pub one_shot: Spread,
    /// One at a time, with new scores each time.
    pub iterative: Spread,
    /// Iterative compared with one-shot.
    pub paired: PairedTest,
    /// Number of seeds in which both removed the same modules.
    pub same: usize,
}

/// Heads against modules at the same MACs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadPoint {
    /// Number of modules removed in one variant.
    pub modules: usize,
    /// Number of heads removed in the other.
    pub heads: usize,
    /// MACs without the modules.
    pub module_macs: u64,
    /// MACs without the heads, mean over seeds.
    pub head_macs: f64,
    /// Test error without the modules.
    pub by_module: Spread,
    /// Test error without the heads with the lowest SEND.
    pub by_head: Spread,
    /// Test error without as many random heads.
    pub by_random_head: Spread,
    /// By head compared with by module.
    pub paired: PairedTest,
    /// The removed heads, for each seed.
    pub removed: Vec<Vec<HeadRemoval>>,
    /// Modules that lost all heads, for each seed.
    pub whole: Vec<usize>,
}

/// An automatic choice of the number of modules, without test data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveResult {
    /// The rule.
    pub rule: String,
    /// Description of the rule.
    pub title: String,
    /// The number of modules it removes, for each seed.
    pub counts: Vec<usize>,
    /// Test error of its choice.
    pub test: Spread,
    /// Number of fine-tunings of the search, for each seed.
    pub trainings: Spread,
    /// Compared with each fixed number of modules removed by SEND.
    pub against_fixed: Vec<(usize, PairedTest)>,
    /// Error above that of the best fixed number.
    pub regret: Spread,
}

/// Kendall's tau of SEND's ranking with itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// Between scores of disjoint groups of batches of the finished model.
    pub batches: Spread,
    /// Lower and upper end of the 95 % bootstrap interval of that mean.
    pub batches_interval: (f64, f64),
    /// Between seeds.
    pub seeds: Spread,
    /// Lower and upper end.
    pub seeds_interval: (f64, f64),
    /// Between each epoch and the last, from the first; one value per seed.
    pub epochs: Vec<Spread>,
    /// Share of group pairs that remove the same modules at the study's ratio.
    pub same_choice: f64,
}

/// SEND compared with the entropy of attention rows; 1 is uniform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uniformity {
    /// Modules of all seeds: score divided by the largest of its model, and entropy divided by that of a uniform
    /// row.
    pub points: Vec<(f64, f64)>,
    /// Kendall's tau within each model.
    pub tau: Spread,
    /// Lower and upper end of the 95 % bootstrap interval of its mean.
    pub interval: (f64, f64),
}

/// A model with modules of known importance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundTruthResult {
    /// Description of the modules' known importance.
    #[serde(rename = "plant")]
    pub constraints: String,
    /// The name, among those below, of SEND with the study's options, if it is there.
    pub own: Option<String>,
    /// Kendall's tau with the true order, by scorer or option.
    pub tau: BTreeMap<String, Spread>,
    /// Share of seeds in which the modules of known importance are exactly those with the lowest scores.
    pub found: BTreeMap<String, f64>,
}

/// Errors of one table's models on another table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Trained on.
    pub from: String,
    /// Forecast, split by the same rule and scaled by its own train rows.
    pub to: String,
    /// Layers.
    pub layers: usize,
    /// Dense.
    pub dense: Spread,
    /// Dense, fine-tuned as long.
    pub dense_finetuned: Spread,
    /// Pruned by SEND at the study's ratio and fine-tuned.
    pub pruned: Spread,
    /// Pruned compared with dense fine-tuned.
    pub paired: PairedTest,
}

/// Measured times, which differ between runs of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyTimings {
    /// The device.
    pub device: DeviceFacts,
    /// One entry per depth.
    pub depths: Vec<DepthTimings>,
}

/// Times of one depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DepthTimings {
    /// Attention modules that can be removed; as many as encoder layers in most models.
    #[serde(rename = "layers")]
    pub module_count: usize,
    /// By number of modules removed.
    pub points: Vec<PointTiming>,
}

/// Times of one structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointTiming {
    /// Modules removed.
    pub count: usize,
    /// Median of a training step, milliseconds.
    pub step_ms: f64,
    /// Median of a forward pass over one batch, milliseconds.
    pub infer_ms: f64,
}
