//! Dense → scores → plan → removal → fine-tuning, outside forecasting.

use serde::{Deserialize, Serialize};
use spat_model::HasAttention as _;
use spat_prune::{ScoreAccumulator, ScoreError, ScoringOptions, apply, score_with};
use spat_series::Part;
use spat_spec::{ClassifierSize, Domain, Plan, PlanError, PruneRule, Score, Scorer, When};
use thiserror::Error;

use crate::synthetic::classifier::{Classifier, Examples};
use crate::synthetic::course::{Course, Stream, best_loss, task};
use crate::synthetic::evaluate::{DomainResult, evaluate};

/// Everything that determines a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainConfig {
    /// The data.
    pub domain: Domain,
    /// The dense model.
    pub size: ClassifierSize,
    /// Sequences per step.
    pub batch: usize,
    /// Steps of the dense model.
    pub steps: usize,
    /// Steps after the removal, and of the dense control.
    pub finetune_steps: usize,
    /// Adam's learning rate, constant.
    pub learning_rate: f64,
    /// The scorer.
    pub scorer: Scorer,
    /// Its options; SEND uses `send.when`.
    pub scoring: ScoringOptions,
    /// Number of batches of a scorer after training.
    pub scoring_batches: usize,
    /// Number of modules to remove.
    pub prune: PruneRule,
    /// Number of test batches.
    pub test_batches: usize,
    /// Determines weights and data.
    pub seed: u64,
}

impl DomainConfig {
    /// The course of its training.
    pub fn course(&self) -> Course {
        Course {
            domain: self.domain,
            size: self.size,
            batch: self.batch,
            learning_rate: self.learning_rate,
            seed: self.seed,
        }
    }

    /// Four layers of width 32, half of whose attention modules are removed, in a few seconds.
    pub fn small(domain: Domain, seed: u64) -> Self {
        Self {
            domain,
            size: ClassifierSize {
                d_model: 32,
                d_ff: 64,
                heads: 4,
                layers: 4,
                dropout: 0.0,
            },
            batch: 64,
            steps: 800,
            finetune_steps: 200,
            learning_rate: 2e-3,
            scorer: Scorer::Send,
            scoring: ScoringOptions::default(),
            scoring_batches: 8,
            prune: PruneRule::default(),
            test_batches: 32,
            seed,
        }
    }
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainReport {
    /// The configuration.
    pub config: DomainConfig,
    /// The loss of a uniform guess.
    pub chance_loss: f64,
    /// The lowest possible loss, if it is known.
    pub best_loss: Option<f64>,
    /// After training.
    pub dense: DomainResult,
    /// The control: fine-tuned as long as the pruned model.
    pub dense_finetuned: DomainResult,
    /// Right after the removal.
    pub pruned: DomainResult,
    /// After fine-tuning.
    pub pruned_finetuned: DomainResult,
    /// The plan, with the scores.
    pub plan: Plan,
}

/// A run that cannot be carried out.
#[derive(Debug, Error)]
pub enum DomainError {
    /// The modules could not be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The scores do not give a plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Invalid sizes of a model.
    #[error(
        "a model width of {d_model} does not divide into {heads} heads; use a multiple of the number of heads"
    )]
    Heads {
        /// Width of a token.
        d_model: usize,
        /// Heads of a module.
        heads: usize,
    },
    /// Single heads were requested.
    #[error("outside forecasting only whole modules are removed; leave the granularity at modules")]
    WholeModulesOnly,
}

/// Trains, scores, prunes and fine-tunes, and measures every stage on the same test stream.
///
/// # Errors
/// Invalid sizes, or scores that do not give a plan.
pub async fn run(config: &DomainConfig) -> Result<DomainReport, DomainError> {
    let dense = Dense::train(config).await?;
    dense.prune(config.scorer).await
}

/// A trained dense model and its evaluation data.
struct Dense<'a> {
    config: &'a DomainConfig,
    /// Before training.
    start: Classifier,
    model: Classifier,
    /// SEND from the training's own backward passes.
    during: ScoreAccumulator,
    tests: Vec<Examples>,
    result: DomainResult,
    /// The control.
    finetuned: DomainResult,
}

impl<'a> Dense<'a> {
    async fn train(config: &'a DomainConfig) -> Result<Self, DomainError> {
        let ClassifierSize { d_model, heads, .. } = config.size;
        if heads == 0 || !d_model.is_multiple_of(heads) {
            return Err(DomainError::Heads { d_model, heads });
        }
        if !config.prune.granularity.is_modules() {
            return Err(DomainError::WholeModulesOnly);
        }
        let course = config.course();
        let start = course.new_model(&[]);
        let mut during = ScoreAccumulator::new(config.scoring.send);
        let scores = std::slice::from_mut(&mut during);
        let model = course.train(&start, config.steps, 1, scores, |_| ());
        let tests = course.batches(Stream::Test, config.test_batches);
        let task = task(config.domain);
        let finetuned = course.finetune(&model, config.finetune_steps);
        Ok(Self {
            result: evaluate(&model, task, &tests).await?,
            finetuned: evaluate(&finetuned, task, &tests).await?,
            config,
            start,
            model,
            during,
            tests,
        })
    }

    async fn prune(&self, scorer: Scorer) -> Result<DomainReport, DomainError> {
        let (config, task) = (self.config, task(self.config.domain));
        let scores: Vec<Score> = if scorer.needs().steps && config.scoring.send.when == When::During
        {
            self.during
                .scores(&self.model.active_attention_ids())
                .await?
        } else {
            self.score_after(scorer).await?
        };
        let plan = Plan::from_scores(scorer.name(), scores, &config.prune)?;
        let pruned = apply(&plan, self.model.clone());
        let finetuned = config.course().finetune(&pruned, config.finetune_steps);
        Ok(DomainReport {
            config: DomainConfig {
                scorer,
                ..config.clone()
            },
            chance_loss: (task.classes as f64).ln(),
            best_loss: (config.domain == Domain::Text).then(|| best_loss(&self.tests)),
            dense: self.result,
            dense_finetuned: self.finetuned,
            pruned: evaluate(&pruned, task, &self.tests).await?,
            pruned_finetuned: evaluate(&finetuned, task, &self.tests).await?,
            plan,
        })
    }

    async fn score_after(&self, scorer: Scorer) -> Result<Vec<Score>, ScoreError> {
        let config = self.config;
        let needs = scorer.needs();
        let stream = match needs.part {
            Some(Part::Val) => Stream::Validation,
            _ => Stream::Score,
        };
        let model = if needs.untrained {
            &self.start
        } else {
            &self.model
        };
        let batches = config.course().batches(stream, config.scoring_batches);
        score_with(scorer, model, &batches, &config.scoring).await
    }
}
