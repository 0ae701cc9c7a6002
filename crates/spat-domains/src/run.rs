//! Dense → scores → plan → removal → fine-tuning, outside forecasting.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use spat_model::{Pass, read};
use spat_prune::{Objective, ScoreAccumulator, ScoreError, ScoringOptions, apply, score_with};
use spat_spec::{AttentionStructure, ModuleId, Plan, PlanError, PruneRule, Score, Scorer, When};
use thiserror::Error;

use crate::classifier::{Classifier, ClassifierSize, Examples, Task};
use crate::fit::Fit;
use crate::{images, text};

/// What the data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// The next character of a text with a known grammar.
    Text,
    /// The shape in a small image.
    Images,
}

impl Domain {
    /// What goes in, and what comes out.
    pub fn task(self) -> &'static Task {
        match self {
            Self::Text => &text::TASK,
            Self::Images => &images::TASK,
        }
    }

    /// The batch `number` of `stream`, which the arguments alone decide.
    fn draw(self, seed: u64, stream: Stream, number: usize, count: usize) -> Examples {
        let (stream, number) = (stream as u64, number as u64);
        match self {
            Self::Text => text::examples(seed, stream, number, count),
            Self::Images => images::examples(seed, stream, number, count),
        }
    }
}

/// Batches of different streams never meet.
#[derive(Debug, Clone, Copy)]
enum Stream {
    Train = 11,
    FineTune = 12,
    /// For scorers, after training.
    Score = 13,
    /// For leave-one-out.
    Validation = 14,
    Test = 15,
}

/// Everything that decides a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainConfig {
    /// What the data are.
    pub domain: Domain,
    /// The dense model.
    pub size: ClassifierSize,
    /// Sequences per step.
    pub batch: usize,
    /// Steps of the dense model.
    pub steps: usize,
    /// Steps after the removal, and of the dense control.
    pub finetune_steps: usize,
    /// Adam's learning rate, always the same.
    pub learning_rate: f64,
    /// What ranks the modules.
    pub scorer: Scorer,
    /// Its options; SEND heeds `send.when`.
    pub scoring: ScoringOptions,
    /// Batches that a scorer sees after training.
    pub scoring_batches: usize,
    /// How many modules go.
    pub prune: PruneRule,
    /// Batches of the test.
    pub test_batches: usize,
    /// Decides weights and data.
    pub seed: u64,
}

impl DomainConfig {
    /// Four layers of width 32, half of their attention modules to go, in a few seconds of work.
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

/// How well a model does on the test stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DomainResult {
    /// Cross-entropy, nats.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
    /// The same over the sequences whose answer lies in a far token, where the domain has them.
    pub telling_accuracy: Option<f64>,
    /// Trainable numbers.
    pub params: u64,
    /// Multiply–accumulates of one sequence.
    pub macs: u64,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainReport {
    /// What was done.
    pub config: DomainConfig,
    /// The loss of guessing all answers alike.
    pub chance_loss: f64,
    /// The least loss that anyone could reach, where it is known.
    pub best_loss: Option<f64>,
    /// After training.
    pub dense: DomainResult,
    /// The control: trained on as long as the pruned model.
    pub dense_finetuned: DomainResult,
    /// Right after the removal.
    pub pruned: DomainResult,
    /// After fine-tuning.
    pub pruned_finetuned: DomainResult,
    /// What was removed, and the scores.
    pub plan: Plan,
}

/// A run that cannot be done.
#[derive(Debug, Error)]
pub enum DomainError {
    /// The modules could not be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The scores make no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Sizes that make no model.
    #[error("a model width of {d_model} does not divide into {heads} heads; use a multiple")]
    Heads {
        /// Width of a token.
        d_model: usize,
        /// Heads of a module.
        heads: usize,
    },
    /// Single heads were asked for.
    #[error("outside forecasting only whole modules are removed; leave the granularity at modules")]
    WholeModulesOnly,
}

/// Trains, scores, prunes and fine-tunes, and measures every stage on the same test stream.
///
/// # Errors
/// Sizes that make no model, or scores that make no plan.
pub async fn run(config: &DomainConfig) -> Result<DomainReport, DomainError> {
    let dense = Dense::train(config).await?;
    dense.prune(config.scorer).await
}

/// The same for several scorers, each pruning the same dense model.
///
/// # Errors
/// As [`run`].
pub async fn compare(
    config: &DomainConfig,
    scorers: &[Scorer],
) -> Result<Vec<DomainReport>, DomainError> {
    let dense = Dense::train(config).await?;
    let mut reports = Vec::with_capacity(scorers.len());
    for &scorer in scorers {
        reports.push(dense.prune(scorer).await?);
    }
    Ok(reports)
}

/// A trained dense model and what it is measured with.
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
        let (domain, seed) = (config.domain, config.seed);
        let ClassifierSize { d_model, heads, .. } = config.size;
        if heads == 0 || !d_model.is_multiple_of(heads) {
            return Err(DomainError::Heads { d_model, heads });
        }
        if !config.prune.granularity.is_modules() {
            return Err(DomainError::WholeModulesOnly);
        }
        let attention: Vec<AttentionStructure> = (0..config.size.layers)
            .map(|layer| AttentionStructure {
                module: ModuleId::encoder(layer),
                heads: (0..heads).collect(),
            })
            .collect();
        let device = Device::flex();
        let start = Classifier::init(domain.task(), &config.size, &attention, seed, &device);
        let mut during = ScoreAccumulator::new(config.scoring.send);
        let fit = Fit {
            steps: config.steps,
            learning_rate: config.learning_rate,
            seed,
        };
        let model = fit.train(
            &start,
            |step| domain.draw(seed, Stream::Train, step, config.batch),
            |model| model,
            Some(&mut during),
        );
        let tests: Vec<Examples> = (0..config.test_batches)
            .map(|number| domain.draw(seed, Stream::Test, number, config.batch))
            .collect();
        Ok(Self {
            result: evaluate(&model, domain.task(), &tests).await?,
            finetuned: evaluate(&finetune(config, &model), domain.task(), &tests).await?,
            config,
            start,
            model,
            during,
            tests,
        })
    }

    async fn prune(&self, scorer: Scorer) -> Result<DomainReport, DomainError> {
        let (config, task) = (self.config, self.config.domain.task());
        let scores: Vec<Score> =
            if scorer == Scorer::Send && config.scoring.send.when == When::During {
                self.during.scores().await?
            } else {
                self.score_after(scorer).await?
            };
        let plan = Plan::from_scores(scorer.name(), scores, &config.prune)?;
        let pruned = apply(&plan, self.model.clone());
        let finetuned = finetune(config, &pruned);
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

    /// SNIP looks at the model before training, leave-one-out at the validation stream.
    async fn score_after(&self, scorer: Scorer) -> Result<Vec<Score>, ScoreError> {
        let config = self.config;
        let stream = match scorer {
            Scorer::LeaveOneOut => Stream::Validation,
            _ => Stream::Score,
        };
        let model = match scorer {
            Scorer::Snip => &self.start,
            _ => &self.model,
        };
        let batches: Vec<Examples> = (0..config.scoring_batches)
            .map(|number| {
                config
                    .domain
                    .draw(config.seed, stream, number, config.batch)
            })
            .collect();
        score_with(scorer, model, &batches, &config.scoring).await
    }
}

fn finetune(config: &DomainConfig, model: &Classifier) -> Classifier {
    let fit = Fit {
        steps: config.finetune_steps,
        learning_rate: config.learning_rate,
        seed: !config.seed,
    };
    fit.train(
        model,
        |step| {
            config
                .domain
                .draw(config.seed, Stream::FineTune, step, config.batch)
        },
        |model| model,
        None,
    )
}

/// The entropy of the source on these very answers: mean of −ln of the chance that it gave them.
fn best_loss(tests: &[Examples]) -> f64 {
    let chances = tests.iter().flat_map(|batch| &batch.chances);
    let (sum, count) = chances.fold((0.0, 0), |(sum, count), chance| {
        (sum - chance.ln(), count + 1)
    });
    sum / f64::from(count.max(1))
}

async fn evaluate(
    model: &Classifier,
    task: &Task,
    tests: &[Examples],
) -> Result<DomainResult, DomainError> {
    let device = |reason| DomainError::Score(ScoreError::Device(reason));
    let (mut loss, mut right, mut count) = (0.0, 0, 0);
    let (mut telling_right, mut telling) = (0, 0);
    for batch in tests {
        let losses = read(model.loss(batch, &mut Pass::evaluation()))
            .await
            .map_err(device)?;
        loss += losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
        let logits = model.forward(batch.tokens.clone(), &mut Pass::evaluation());
        let logits = read(logits).await.map_err(device)?;
        for (row, logits) in logits.chunks_exact(task.classes).enumerate() {
            let answer = (0..task.classes).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
            let is_right = usize::from(answer == Some(batch.labels[row]));
            right += is_right;
            count += 1;
            if batch.telling[row] {
                telling_right += is_right;
                telling += 1;
            }
        }
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Ok(DomainResult {
        loss: loss / tests.len().max(1) as f64,
        accuracy: share(right, count),
        telling_accuracy: (telling > 0).then(|| share(telling_right, telling)),
        params: model.num_params() as u64,
        macs: model.macs(task),
    })
}
