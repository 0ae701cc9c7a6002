//! What a study found: the one source of its page, its tables and its findings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Question, Spread, Study};
use crate::{DataFacts, DeviceFacts, HeadRemoval, ModuleId};

/// A study's result. Nothing in it depends on the clock, on how often the study was interrupted,
/// or on how many workers it had; times are in [`StudyTimings`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyReport {
    /// The version of the program.
    pub version: String,
    /// The command that makes the result again.
    pub command: String,
    /// [`Study::hash`].
    pub hash: String,
    /// Everything that decided the result.
    pub study: Study,
    /// The table that was trained on.
    pub data: DataFacts,
    /// What the numbers say, for and against the method.
    pub findings: Vec<Finding>,
    /// One entry per depth.
    pub depths: Vec<DepthReport>,
    /// Known orders, and whether they were found.
    #[serde(rename = "planted", default, skip_serializing_if = "Vec::is_empty")]
    pub ground_truth: Vec<GroundTruthResult>,
    /// Models on tables that they were not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<Transfer>,
}

/// Which way a finding points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Speaks for the method.
    For,
    /// Speaks against it.
    Against,
    /// The numbers do not decide.
    Open,
}

/// One sentence that was computed from the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was asked.
    pub question: Question,
    /// Which way it points.
    pub stance: Stance,
    /// In plain words, with the figures.
    pub text: String,
}

/// What the errors of a depth are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mean squared errors of forecasts in scaled space, beside them mean absolute ones.
    #[default]
    Forecast,
    /// Cross-entropies in nats, beside them shares of wrong answers.
    Classification,
}

impl Measure {
    /// What decides, on test data.
    pub fn test(self) -> &'static str {
        match self {
            Self::Forecast => "test MSE",
            Self::Classification => "test loss",
        }
    }

    /// The same on validation data.
    pub fn validation(self) -> &'static str {
        match self {
            Self::Forecast => "validation MSE",
            Self::Classification => "validation loss",
        }
    }

    /// What stands beside it, on test data.
    pub fn beside(self) -> &'static str {
        match self {
            Self::Forecast => "test MAE",
            Self::Classification => "wrong answers, test",
        }
    }

    /// The unit of what decides.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Forecast => "scaled",
            Self::Classification => "nats",
        }
    }

    /// What a model sees at once.
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

/// A model's errors over seeds, and its cost. [`Measure`] says what they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorSpread {
    /// Mean squared error or cross-entropy, validation data.
    pub val: Spread,
    /// The same, test data.
    pub test: Spread,
    /// Mean absolute error or share of wrong answers, test data.
    pub test_mae: Spread,
    /// Trainable numbers.
    pub params: u64,
    /// Multiply–accumulates of one window.
    pub macs: u64,
}

/// Two variants on the same seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedTest {
    /// Mean of (this − that) over the pairs.
    pub difference: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Two-sided p of the sign-flip permutation test: the smallest that n pairs can give is 2/2ⁿ.
    pub p_permutation: f64,
    /// Two-sided p of the paired t test.
    pub p_t: f64,
    /// Pairs.
    pub pairs: usize,
}

/// Everything about models of one depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DepthReport {
    /// Encoder layers.
    pub layers: usize,
    /// What its errors are.
    #[serde(default, skip_serializing_if = "Measure::is_forecast")]
    pub measure: Measure,
    /// Attention modules from input to output.
    pub modules: Vec<ModuleId>,
    /// As trained.
    pub dense: ErrorSpread,
    /// Trained on exactly as long as the pruned ones, nothing removed.
    pub dense_finetuned: ErrorSpread,
    /// Every subset, if they were all trained; in the order of their bit patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subsets: Vec<SubsetResult>,
    /// How much worse the fine-tuned model is without each single module, on validation windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_val: Vec<Spread>,
    /// The same on test windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_test: Vec<Spread>,
    /// SEND and the baseline scorers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rankings: Vec<RankingReport>,
    /// What blind choice gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub random: Vec<RandomPick>,
    /// SEND with other options; the first are those of the study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<RankingReport>,
    /// More and more modules removed by SEND.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweep: Vec<SweepPoint>,
    /// One module at a time against all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iterative: Vec<IterativePoint>,
    /// Heads against modules at the same cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadPoint>,
    /// Numbers of modules that were chosen without the user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adaptive: Vec<AdaptiveResult>,
    /// Whether the ranking is a property of the model or of chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stability: Option<Stability>,
    /// SEND beside attention entropy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniformity: Option<Uniformity>,
}

/// A subset of modules, removed, and the rest fine-tuned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubsetResult {
    /// Numbers of the removed modules.
    pub removed: Vec<usize>,
    /// On validation windows.
    pub val: Spread,
    /// On test windows.
    pub test: Spread,
}

/// A ranking of the modules, and what comes of following it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankingReport {
    /// The name of the scorer, or of the options.
    pub name: String,
    /// What it measures.
    pub title: String,
    /// Score of each module.
    pub scores: Vec<Spread>,
    /// Kendall's tau with the harm of removing each module alone, validation windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_val: Option<Spread>,
    /// The same, test windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_test: Option<Spread>,
    /// Kendall's tau with SEND as the study has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_send: Option<Spread>,
    /// What it chooses, by number of modules removed.
    pub picks: Vec<Pick>,
    /// Regret over all numbers but none and all, mean per seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Spread>,
    /// That regret against SEND's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_send: Option<PairedTest>,
}

/// A choice of `count` modules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// How many go.
    pub count: usize,
    /// Which, for each seed.
    pub removed: Vec<Vec<usize>>,
    /// Test error after fine-tuning.
    pub test: Spread,
    /// How far above the best subset of this size, on test windows, where all were trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Spread>,
}

/// A blind choice of `count` modules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomPick {
    /// How many go.
    pub count: usize,
    /// Choices per seed.
    pub draws: usize,
    /// Whether these are all choices that there are.
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
    /// How many go.
    pub count: usize,
    /// Fine-tuned.
    pub tuned: ErrorSpread,
    /// Before it was fine-tuned.
    pub cut_test: Spread,
    /// The same structures trained from new weights, as long as the dense model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch_test: Option<Spread>,
    /// Fine-tuned against the dense model fine-tuned as long.
    pub against_dense_finetuned: PairedTest,
    /// Fine-tuned against trained from new weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_scratch: Option<PairedTest>,
    /// Whether no other point is both cheaper in MACs and better.
    pub on_front: bool,
}

/// The same number of modules, removed one at a time or at once, with equal epochs of fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IterativePoint {
    /// How many go.
    pub count: usize,
    /// Epochs of fine-tuning in all.
    pub epochs: usize,
    /// At once.
    pub one_shot: Spread,
    /// One at a time, scored anew each time.
    pub iterative: Spread,
    /// Iterative against one-shot.
    pub paired: PairedTest,
    /// In how many seeds the two removed the same modules.
    pub same: usize,
}

/// Heads against modules at the same MACs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadPoint {
    /// Modules that go in the one, or their number of heads in the other.
    pub modules: usize,
    /// Heads that go.
    pub heads: usize,
    /// MACs without the modules.
    pub module_macs: u64,
    /// MACs without the heads, mean over seeds.
    pub head_macs: f64,
    /// Test error without the modules.
    pub by_module: Spread,
    /// Test error without the heads that SEND puts last.
    pub by_head: Spread,
    /// Test error without as many random heads.
    pub by_random_head: Spread,
    /// By head against by module.
    pub paired: PairedTest,
    /// Which heads went, for each seed.
    pub removed: Vec<Vec<HeadRemoval>>,
    /// Modules that lost all heads, for each seed.
    pub whole: Vec<usize>,
}

/// A number of modules that was chosen without the user and without test data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveResult {
    /// The rule.
    pub rule: String,
    /// What it does.
    pub title: String,
    /// The number of modules it removes, for each seed.
    pub counts: Vec<usize>,
    /// Test error of its choice.
    pub test: Spread,
    /// Fine-tunings that the choice itself needed, for each seed.
    pub trainings: Spread,
    /// Against each fixed number of modules removed by SEND.
    pub against_fixed: Vec<(usize, PairedTest)>,
    /// How far above the best fixed number in hindsight.
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

/// SEND beside the entropy of attention rows, 1 being uniform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uniformity {
    /// Modules of all seeds: score divided by the largest of its model, entropy in shares of the
    /// uniform row's.
    pub points: Vec<(f64, f64)>,
    /// Kendall's tau within each model.
    pub tau: Spread,
    /// Lower and upper end of the 95 % bootstrap interval of its mean.
    pub interval: (f64, f64),
}

/// A model with modules of known importance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundTruthResult {
    /// Known importance of the modules, in words.
    #[serde(rename = "plant")]
    pub constraints: String,
    /// SEND as the study has it among the names below, if it is there.
    pub own: Option<String>,
    /// Kendall's tau with the true order, by scorer or option.
    pub tau: BTreeMap<String, Spread>,
    /// Share of seeds in which the modules of known importance are exactly those with the lowest scores.
    pub found: BTreeMap<String, f64>,
}

/// Models of one table on another that they did not see.
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
    /// Pruned against dense fine-tuned.
    pub paired: PairedTest,
}

/// What the clock said; no two studies agree on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyTimings {
    /// Where it was computed.
    pub device: DeviceFacts,
    /// One entry per depth.
    pub depths: Vec<DepthTimings>,
}

/// Times of one depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DepthTimings {
    /// Encoder layers.
    pub layers: usize,
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
