//! A study: many trainings that answer whether pruning by SEND is right, and what they found.

mod report;
mod spread;
mod synthetic;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use report::{
    AdaptiveResult, DepthReport, DepthTimings, ErrorSpread, Finding, GroundTruthResult, HeadPoint,
    IterativePoint, Measure, PairedTest, Pick, PointTiming, RandomPick, RankingReport, Stability,
    Stance, StudyReport, StudyTimings, SubsetResult, SweepPoint, Transfer, Uniformity,
};
pub use spread::Spread;
pub use synthetic::{
    ClassifierSize, ClassifierStudy, Domain, GroundTruthStudy, SyntheticReport, SyntheticStudy,
};

use crate::ConfigError;
use crate::{Experiment, ForecasterConfig, Scorer, SendOptions};

/// What a study can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Every subset of modules, fine-tuned: what would have been best?
    Oracle,
    /// How far can one prune, beside fine-tuning alone and training from new weights?
    Sweep,
    /// Do the baseline scorers choose better than SEND?
    #[serde(rename = "rivals")]
    BaselineScorers,
    /// Which of SEND's open choices matter?
    Options,
    /// One module at a time, or all at once?
    Iterative,
    /// Heads, or whole modules at the same cost?
    Heads,
    /// Can K be chosen without the user?
    Adaptive,
    /// Is the ranking the same over batches, seeds and epochs?
    Stability,
    /// Does a low score go with uniform attention?
    Uniformity,
    /// Is a known order found?
    #[serde(rename = "planted")]
    GroundTruth,
    /// Does a pruned model forecast tables that it never saw?
    ZeroShot,
}

impl Question {
    /// All of them, in the order in which they are answered.
    pub const ALL: [Self; 11] = [
        Self::Oracle,
        Self::Sweep,
        Self::BaselineScorers,
        Self::Options,
        Self::Iterative,
        Self::Heads,
        Self::Adaptive,
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
            Self::Stability => "stability",
            Self::Uniformity => "uniformity",
            Self::GroundTruth => "planted",
            Self::ZeroShot => "zero-shot",
        }
    }
}

/// A table by name and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFacts {
    /// The file's name, without its folder.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Everything that decides a study's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Sizes, training, fine-tuning and SEND options. Its depth and seed are replaced by those
    /// below; its ratio is the one at which variants are compared.
    pub base: Experiment,
    /// Tables, the one that everything is trained on first; the others are forecast unseen.
    pub tables: Vec<TableFacts>,
    /// Encoder layers, one model for each entry.
    pub depths: Vec<usize>,
    /// One model of each depth for each entry.
    pub seeds: Vec<u64>,
    /// Baseline scorers, which SEND is compared with.
    pub scorers: Vec<Scorer>,
    /// What is asked.
    pub questions: Vec<Question>,
    /// Random orders where not every subset is trained.
    pub draws: usize,
    /// Training steps of the models with a known order of modules.
    #[serde(rename = "planted_steps")]
    pub ground_truth_steps: usize,
    /// Whether every number of modules in the sweep is trained from new weights too, or only the
    /// one at the ratio of the base.
    pub scratch_everywhere: bool,
    /// Batches of training windows that a scoring pass sees.
    pub score_batches: usize,
}

/// The most modules of which all subsets are trained.
pub const MOST_ORACLE_MODULES: usize = 6;

impl Study {
    /// Whether a question is asked.
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
    /// Names the first value that is wrong and what would be right.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |what: String, way_out: &str| Err(ConfigError::new(what, way_out));
        // First: the attention modules of settings out of range cannot be listed.
        self.base.check()?;
        if self.base.forecaster.modules().is_empty() {
            return wrong(
                format!("{} has no attention to study", self.base.forecaster.name()),
                "choose a model with attention",
            );
        }
        check_extent(&self.depths, &self.seeds, &self.questions)?;
        if self.score_batches == 0 || self.draws == 0 {
            return wrong(
                "scores of no batches, or no draws".to_owned(),
                "use 1 or more",
            );
        }
        for &depth in &self.depths {
            self.forecaster(depth).check()?;
        }
        Ok(())
    }

    /// Sixteen hexadecimal digits of SHA-256 over the study's JSON.
    pub fn hash(&self) -> String {
        hash_of(self)
    }

    /// How many modules of `modules` go at the ratio of the base.
    pub fn count(&self, modules: usize) -> usize {
        self.base.prune.count(modules)
    }

    /// The options of SEND that everything is compared with.
    pub fn send(&self) -> SendOptions {
        self.base.send
    }
}

/// The depths, seeds and questions of any study.
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
