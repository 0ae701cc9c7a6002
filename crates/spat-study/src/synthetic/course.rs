//! The steps of a classifier's experiment: new weights, training, fine-tuning, batches, errors.

use burn::module::Module as _;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use spat_prune::{ScoreAccumulator, ScoreError};
use spat_spec::{AttentionStructure, ClassifierSize, Cost, Domain, ModuleId};

use crate::synthetic::classifier::{Classifier, Examples, Task};
use crate::synthetic::evaluate::{DomainResult, evaluate};
use crate::synthetic::fit::Fit;
use crate::synthetic::{images, text};

/// The data domain of a classifier.
pub fn task(domain: Domain) -> &'static Task {
    match domain {
        Domain::Text => &text::TASK,
        Domain::Images => &images::TASK,
    }
}

/// Purposes of batches; their streams are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Training of the dense model.
    Train,
    /// Training after a removal.
    FineTune,
    /// Scoring after training.
    Score,
    /// Choices: leave-one-out, and the number of removed modules.
    Validation,
    /// Results.
    Test,
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Self::Train => 11,
            Self::FineTune => 12,
            Self::Score => 13,
            Self::Validation => 14,
            Self::Test => 15,
        }
    }
}

/// Everything that determines a training, except its length and the remaining modules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The data.
    pub domain: Domain,
    /// The dense model.
    pub size: ClassifierSize,
    /// Sequences per step.
    pub batch: usize,
    /// Adam's learning rate, constant.
    pub learning_rate: f64,
    /// Determines weights and data.
    pub seed: u64,
}

impl Course {
    /// A classifier with new weights, without some of its modules.
    pub fn new_model(&self, without: &[ModuleId]) -> Classifier {
        let attention: Vec<AttentionStructure> = self
            .modules()
            .into_iter()
            .map(|module| AttentionStructure {
                heads: if without.contains(&module) {
                    Vec::new()
                } else {
                    (0..self.size.heads).collect()
                },
                module,
            })
            .collect();
        let task = task(self.domain);
        Classifier::init(task, &self.size, &attention, self.seed, &Device::flex())
    }

    /// The dense model's modules, from input to output.
    pub fn modules(&self) -> Vec<ModuleId> {
        (0..self.size.layers).map(ModuleId::encoder).collect()
    }

    /// Parameters and MACs of one sequence, without some modules.
    pub fn cost(&self, without: &[ModuleId]) -> Cost {
        let model = self.new_model(without);
        Cost {
            params: model.num_params() as u64,
            macs: model.macs(task(self.domain)),
        }
    }

    /// Trains for `steps` steps in `epochs` equal parts, scoring every batch in each of the ways;
    /// `after_epoch` sees the first of them after each part.
    pub fn train(
        &self,
        model: &Classifier,
        steps: usize,
        epochs: usize,
        scores: &mut [ScoreAccumulator],
        after_epoch: impl FnMut(&ScoreAccumulator),
    ) -> Classifier {
        let fit = Fit {
            steps,
            epochs,
            learning_rate: self.learning_rate,
            seed: self.seed,
        };
        let draw = |step| self.draw(Stream::Train, step);
        fit.train(model, draw, |model| model, scores, after_epoch)
    }

    /// Continues the training with new batches.
    pub fn finetune(&self, model: &Classifier, steps: usize) -> Classifier {
        let fit = Fit {
            steps,
            epochs: 1,
            learning_rate: self.learning_rate,
            seed: !self.seed,
        };
        let draw = |step| self.draw(Stream::FineTune, step);
        fit.train(model, draw, |model| model, &mut [], |_| ())
    }

    /// The first `count` batches of a stream.
    pub fn batches(&self, stream: Stream, count: usize) -> Vec<Examples> {
        (0..count).map(|number| self.draw(stream, number)).collect()
    }

    /// Evaluates a model on the first `count` batches of a stream.
    ///
    /// # Errors
    /// The device fails.
    pub async fn errors(
        &self,
        model: &Classifier,
        stream: Stream,
        count: usize,
    ) -> Result<DomainResult, ScoreError> {
        evaluate(model, task(self.domain), &self.batches(stream, count)).await
    }

    fn draw(&self, stream: Stream, number: usize) -> Examples {
        let (stream, number) = (stream.number(), number as u64);
        match self.domain {
            Domain::Text => text::examples(self.seed, stream, number, self.batch),
            Domain::Images => images::examples(self.seed, stream, number, self.batch),
        }
    }
}

/// The entropy of the source on these classes: mean of −ln of their probabilities. No
/// model can do better.
pub fn best_loss(tests: &[Examples]) -> f64 {
    let chances = tests.iter().flat_map(|batch| &batch.chances);
    let (sum, count) = chances.fold((0.0, 0), |(sum, count), chance| {
        (sum - chance.ln(), count + 1)
    });
    sum / f64::from(count.max(1))
}
