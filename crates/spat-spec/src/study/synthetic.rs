//! Studies of synthetic data, without a table and with known ground truth.

use serde::{Deserialize, Serialize};

use super::{
    DepthReport, Finding, GroundTruthResult, Question, check_extent, check_seeds, hash_of,
};
use crate::ConfigError;
use crate::{MaskShape, PruneRule, Scaling, Scorer, SendOptions, Sign, When};

/// Kinds of data other than time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Prediction of the next character of a text with a known grammar.
    Text,
    /// Classification of the shape in a small image.
    Images,
}

/// Sizes of a classifier's encoder.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassifierSize {
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward parts.
    pub d_ff: usize,
    /// Heads of a dense module; divides `d_model`.
    pub heads: usize,
    /// Encoder layers.
    pub layers: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

/// Everything that determines the result of a study without a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum SyntheticStudy {
    /// A forecaster with modules of known importance.
    #[serde(rename = "planted")]
    GroundTruth(GroundTruthStudy),
    /// A small Transformer classifier.
    Classifier(Box<ClassifierStudy>),
}

/// A study of whether scorers find a known order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroundTruthStudy {
    /// One model for each entry.
    pub seeds: Vec<u64>,
    /// Training steps of each.
    pub steps: usize,
    /// The study's options of SEND; all others are tried too.
    pub send: SendOptions,
}

/// Dense → scores → plan → removal → fine-tuning, outside forecasting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassifierStudy {
    /// The kind of data.
    pub domain: Domain,
    /// Sizes; the depth is replaced by those below.
    pub size: ClassifierSize,
    /// Encoder layers, one model for each entry.
    pub depths: Vec<usize>,
    /// One model of each depth for each entry.
    pub seeds: Vec<u64>,
    /// Sequences per step.
    pub batch: usize,
    /// Steps of the dense model.
    pub steps: usize,
    /// Steps after a removal, and of the dense control.
    pub finetune_steps: usize,
    /// Adam's constant learning rate.
    pub learning_rate: f64,
    /// The study's options of SEND.
    pub send: SendOptions,
    /// How many modules are removed when variants are compared.
    pub prune: PruneRule,
    /// Baseline scorers to compare SEND with.
    pub scorers: Vec<Scorer>,
    /// The questions, of [`ClassifierStudy::QUESTIONS`].
    pub questions: Vec<Question>,
    /// Number of random orders if not every subset is trained.
    pub draws: usize,
    /// Batches per scoring pass.
    pub score_batches: usize,
    /// Whether every number of modules in the sweep is also trained from new weights.
    pub scratch_everywhere: bool,
}

impl ClassifierStudy {
    /// The questions that need no table.
    pub const QUESTIONS: [Question; 7] = [
        Question::Oracle,
        Question::Sweep,
        Question::BaselineScorers,
        Question::Options,
        Question::Adaptive,
        Question::Stability,
        Question::Uniformity,
    ];

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |what: String, way_out: &str| Err(ConfigError::new(what, way_out));
        check_extent(&self.depths, &self.seeds, &self.questions)?;
        let ClassifierSize { d_model, heads, .. } = self.size;
        if heads == 0 || !d_model.is_multiple_of(heads) {
            return wrong(
                format!("a model width of {d_model} with {heads} heads"),
                "use a width that is a multiple of the heads",
            );
        }
        let counts = [self.batch, self.steps, self.draws, self.score_batches];
        if counts.contains(&0) {
            return wrong("batches or steps of nothing".to_owned(), "use 1 or more");
        }
        if let Some(other) = self
            .questions
            .iter()
            .find(|question| !Self::QUESTIONS.contains(question))
        {
            let known = Self::QUESTIONS.map(Question::name).join(", ");
            return Err(ConfigError::new(
                format!("the question {} outside forecasting", other.name()),
                format!("ask one of {known}"),
            ));
        }
        self.send.check()
    }
}

impl SyntheticStudy {
    /// One model for each entry.
    pub fn seeds(&self) -> &[u64] {
        match self {
            Self::GroundTruth(study) => &study.seeds,
            Self::Classifier(study) => &study.seeds,
        }
    }

    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// The first invalid value, and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        check_seeds(self.seeds())?;
        match self {
            Self::GroundTruth(study) if study.steps == 0 => Err(ConfigError::new(
                "models with a known order that are never trained".to_owned(),
                "use 1 step or more",
            )),
            Self::GroundTruth(study) => study.send.check(),
            Self::Classifier(study) => study.check(),
        }
    }

    /// Sixteen hexadecimal digits of SHA-256 over the study's JSON.
    pub fn hash(&self) -> String {
        hash_of(self)
    }
}

/// The results of a study without a table. Like [`super::StudyReport`], it has no measured times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyntheticReport {
    /// The version of the program.
    pub version: String,
    /// The command that reproduces the result.
    pub command: String,
    /// [`SyntheticStudy::hash`].
    pub hash: String,
    /// Everything that determined the result.
    pub study: SyntheticStudy,
    /// Findings for and against the method.
    pub findings: Vec<Finding>,
    /// The loss of uniform guessing, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance_loss: Option<f64>,
    /// The lowest possible loss, mean over seeds, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_loss: Option<f64>,
    /// One entry per depth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depths: Vec<DepthReport>,
    /// Results on models with a known order.
    #[serde(rename = "planted", default, skip_serializing_if = "Vec::is_empty")]
    pub ground_truth: Vec<GroundTruthResult>,
}

impl SendOptions {
    /// When, mask, sign and scaling as in the ground-truth table, such as `send during shared signed none`.
    pub fn spelled(&self) -> String {
        let when = match self.when {
            When::During => "during",
            When::After => "after",
        };
        let mask = match self.mask {
            MaskShape::Shared => "shared",
            MaskShape::PerSample => "per-sample",
        };
        let sign = match self.sign {
            Sign::Signed => "signed",
            Sign::Absolute => "absolute",
        };
        let scaling = match self.scaling {
            Scaling::None => "none",
            Scaling::SumLoss => "sum-loss",
            Scaling::Standardise => "standardise",
            Scaling::Temperature(_) => "temperature",
        };
        format!("send {when} {mask} {sign} {scaling}")
    }
}
