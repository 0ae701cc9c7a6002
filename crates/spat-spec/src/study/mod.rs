//! A study: many trainings that evaluate pruning by SEND.

mod finetuning;
mod report;
mod spread;
mod suite;
mod suite_cell;
mod suite_report;
mod synthetic;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use finetuning::{FinetunedErrors, FinetuningResult};
pub use report::{
    AdaptiveResult, DepthReport, DepthTimings, ErrorSpread, Finding, GroundTruthResult, HeadPoint,
    IterativePoint, Measure, PairedTest, Pick, PointTiming, RandomPick, RankingReport, Stability,
    Stance, StudyReport, StudyTimings, SubsetResult, SweepPoint, Transfer, Uniformity,
};
pub use spread::Spread;
pub use suite::{MissingCell, Suite, SuiteCell, SuiteModel, SuiteTable, ZeroShotPair};
pub use suite_cell::{CellReport, MethodRegret, PrunedCell, PrunedModels};
pub use suite_report::{
    ChangeSummary, ComparedModel, Estimate, MethodComparison, MethodKind, MethodSummary,
    ModelColumn, ModelComparison, ModelForm, ModelPair, Pruning, PublishedChanges,
    RankingMethodName, Reference, RuleCell, RuleSummary, RuleTable, SuiteFinding, SuiteReport,
    SuiteScope, SuiteTableFacts, WinLoss, ZeroShotPruned, ZeroShotResult,
};
pub use synthetic::{
    ClassifierSize, ClassifierStudy, Domain, GroundTruthStudy, SyntheticReport, SyntheticStudy,
};

use crate::ConfigError;
use crate::{Experiment, ForecasterConfig, Scorer, SendOptions};

/// The questions of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Every subset of modules, fine-tuned: which is the best?
    Oracle,
    /// How many modules can be removed, compared with fine-tuning alone and training from new weights?
    Sweep,
    /// Do the baseline scorers choose better than SEND?
    #[serde(rename = "rivals")]
    BaselineScorers,
    /// Which options of SEND matter?
    Options,
    /// One module at a time, or all at once?
    Iterative,
    /// Heads, or whole modules at the same cost?
    Heads,
    /// Can K be chosen automatically?
    Adaptive,
    /// How should a model be fine-tuned?
    Finetuning,
    /// Is the ranking the same over batches, seeds and epochs?
    Stability,
    /// Do modules with low scores have uniform attention?
    Uniformity,
    /// Is a known order found?
    #[serde(rename = "planted")]
    GroundTruth,
    /// Does a pruned model forecast tables that it was not trained on?
    ZeroShot,
}

impl Question {
    /// All questions, in the order in which they are answered.
    pub const ALL: [Self; 12] = [
        Self::Oracle,
        Self::Sweep,
        Self::BaselineScorers,
        Self::Options,
        Self::Iterative,
        Self::Heads,
        Self::Adaptive,
        Self::Finetuning,
        Self::Stability,
        Self::Uniformity,
        Self::GroundTruth,
        Self::ZeroShot,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Oracle => "oracle",
            Self::Sweep => "sweep",
            Self::BaselineScorers => "rivals",
            Self::Options => "options",
            Self::Iterative => "iterative",
            Self::Heads => "heads",
            Self::Adaptive => "adaptive",
            Self::Finetuning => "finetuning",
            Self::Stability => "stability",
            Self::Uniformity => "uniformity",
            Self::GroundTruth => "planted",
            Self::ZeroShot => "zero-shot",
        }
    }
}

/// A table's name and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFacts {
    /// The file's name, without its folder.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Everything that determines a study's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Sizes, training, fine-tuning and SEND options. Its depth and seed are replaced by those
    /// below; its ratio is the one at which variants are compared.
    pub base: Experiment,
    /// Tables: the first is the training table, the others are only forecast.
    pub tables: Vec<TableFacts>,
    /// Encoder layers, one model for each entry.
    pub depths: Vec<usize>,
    /// One model of each depth for each entry.
    pub seeds: Vec<u64>,
    /// Baseline scorers to compare SEND with.
    pub scorers: Vec<Scorer>,
    /// The questions.
    pub questions: Vec<Question>,
    /// Number of random orders if not every subset is trained.
    pub draws: usize,
    /// Training steps of the models with a known order of modules.
    #[serde(rename = "planted_steps")]
    pub ground_truth_steps: usize,
    /// Whether every number of modules in the sweep is also trained from new weights, or only the one at the
    /// ratio of the base.
    pub scratch_everywhere: bool,
    /// Batches of training windows per scoring pass.
    pub score_batches: usize,
}

/// Largest number of modules for which all subsets are trained.
pub const MOST_ORACLE_MODULES: usize = 6;

/// Largest number of modules in a study: their subsets are bits of a 32-bit word.
const MOST_STUDY_MODULES: usize = 24;

impl Study {
    /// Whether the study has this question.
    pub fn asks(&self, question: Question) -> bool {
        self.questions.contains(&question)
    }

    /// The dense forecaster with `layers` layers.
    pub fn forecaster(&self, layers: usize) -> ForecasterConfig {
        let mut forecaster = self.base.forecaster.clone();
        forecaster.set("layers", crate::FieldValue::Count(layers));
        forecaster
    }

    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// The first invalid value, and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |what: String, way_out: &str| Err(ConfigError::new(what, way_out));
        // Checked first, because the attention modules of invalid settings cannot be listed.
        self.base.check()?;
        if self.base.forecaster.removable_modules().is_empty() {
            return wrong(
                format!(
                    "{} has no attention that can be removed",
                    self.base.forecaster.name()
                ),
                "choose a model with attention",
            );
        }
        for &scorer in &self.scorers {
            self.base.forecaster.check_scorer(scorer)?;
        }
        check_extent(&self.depths, &self.seeds, &self.questions)?;
        if self.score_batches == 0 || self.draws == 0 {
            return wrong(
                "scores of no batches, or no draws".to_owned(),
                "use 1 or more",
            );
        }
        for &depth in &self.depths {
            let forecaster = self.forecaster(depth);
            forecaster.check()?;
            let modules = forecaster.removable_modules().len();
            if modules > MOST_STUDY_MODULES {
                return wrong(
                    format!("{modules} attention modules with {depth} layers"),
                    "use fewer layers: a study takes at most 24 modules",
                );
            }
        }
        Ok(())
    }

    /// Sixteen hexadecimal digits of SHA-256 over the study's JSON.
    pub fn hash(&self) -> String {
        hash_of(self)
    }

    /// How many of `modules` modules are removed at the ratio of the base.
    pub fn count(&self, modules: usize) -> usize {
        self.base.prune.count(modules)
    }

    /// The study's options of SEND.
    pub fn send(&self) -> SendOptions {
        self.base.send
    }
}

/// Checks the depths, seeds and questions of any study.
fn check_extent(
    depths: &[usize],
    seeds: &[u64],
    questions: &[Question],
) -> Result<(), ConfigError> {
    let wrong = |what: String, way_out: &str| Err(ConfigError::new(what, way_out));
    if depths.is_empty() || depths.contains(&0) {
        return wrong(
            "a study of models without layers".to_owned(),
            "use depths of 1 or more, such as 2,4",
        );
    }
    if let Some(depth) = depths.iter().find(|&&depth| depth > 24) {
        return wrong(format!("a depth of {depth} layers"), "use at most 24");
    }
    if questions.is_empty() {
        return wrong(
            "a study that asks nothing".to_owned(),
            "leave --only out, or name a question",
        );
    }
    check_seeds(seeds)
}

fn check_seeds(seeds: &[u64]) -> Result<(), ConfigError> {
    if seeds.is_empty() {
        return Err(ConfigError::new(
            "a study of no seeds".to_owned(),
            "use 3 or more",
        ));
    }
    Ok(())
}

/// Sixteen hexadecimal digits of SHA-256 over a study's JSON.
fn hash_of(study: &impl Serialize) -> String {
    let text = serde_json::to_vec(study).unwrap_or_default();
    Sha256::digest(text)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
