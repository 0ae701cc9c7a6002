//! Computes the result of one item in this process.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, mpsc};

use spat_engine::{Control, Errors, JobError, TrialRunner};
use spat_model::{Forecaster, HasAttention as _};
use spat_prune::{Sample, ScoreAccumulator, apply, score_with};
use spat_spec::{Command, DataConfig, Event, Score};

use crate::error::StudyError;
use crate::executor::Executor;
use crate::item::WantedItem;
use crate::task::{Outcome, Recipe, Task, TaskErrors};

/// The computation of items whose tables are read in one way.
pub(crate) struct Computation<'c> {
    pub(crate) executor: &'c Executor<'c>,
    pub(crate) data: &'c DataConfig,
}

impl Computation<'_> {
    /// Stores the result of an item, and its weights if they are wanted; nothing if both are stored.
    pub(crate) fn perform(&self, wanted: &WantedItem) -> Result<(), StudyError> {
        let WantedItem { key, item, weights } = wanted;
        if let Task::Train(recipe) = &item.task
            && *weights
            && !self.executor.cache.has_weights(key)
        {
            self.require_same(key)?;
            return match recipe.course() {
                Some(_) => self.classifier(recipe).map(drop),
                None => self.model(recipe).map(drop),
            };
        }
        // It may have been computed for another item, or by another process.
        if self.executor.has_result(key) {
            return Ok(());
        }
        self.require_same(key)?;
        let outcome = self.outcome(&item.task)?;
        self.executor.store(key, outcome)
    }

    /// Refuses to compute with another arithmetic than that of known results.
    fn require_same(&self, key: &str) -> Result<(), StudyError> {
        let executor = self.executor;
        executor.require_same(&executor.arithmetic, key)
    }

    /// Refuses weights that were trained with another arithmetic. They are used together with their result, which
    /// is stored right after them.
    pub(crate) fn check_weights(&self, key: &str) -> Result<(), StudyError> {
        if !self.executor.known().contains_key(key) {
            self.executor.read(key)?;
        }
        Ok(())
    }

    fn outcome(&self, task: &Task) -> Result<Outcome, StudyError> {
        if let Some(outcome) = self.of_classifier(task)? {
            return Ok(outcome);
        }
        let because = |error| because(task, error);
        match task {
            Task::Train(recipe) => self.train(recipe).map(|(outcome, _)| outcome),
            Task::Cut { of, removal } => {
                let model = apply(&removal.plan(), self.model(of)?);
                let errors = pollster::block_on(self.trial_runner_of(of)?.errors(&model));
                Ok(Outcome::Errors(errors.map_err(because)?.into()))
            }
            Task::GroundTruth(config) => {
                let report = pollster::block_on(crate::synthetic::ground_truth::run(config));
                let report = report.map_err(|error| because(error.into()))?;
                let values = |scores: &[Score]| scores.iter().map(|score| score.value).collect();
                let ways = report
                    .scores
                    .iter()
                    .map(|way| (way.name.clone(), values(&way.scores)));
                Ok(Outcome::Ranked(ways.collect()))
            }
            Task::Transfer { of, to } => {
                let model = self.model(of)?;
                let errors = pollster::block_on(self.trial_runner(to, of)?.errors(&model));
                Ok(Outcome::Errors(errors.map_err(because)?.into()))
            }
            Task::Score {
                of,
                scorer,
                options,
                part,
                batches: (count, size),
                group: (group, groups),
            } => {
                let model = self.model(of)?;
                let trial_runner = self.trial_runner_of(of)?;
                let batches = trial_runner.batches(*part, count * groups, *size);
                // Consecutive windows go to different groups, so that groups are similar.
                let batches: Vec<Sample> =
                    batches.into_iter().skip(*group).step_by(*groups).collect();
                let scores = pollster::block_on(score_with(*scorer, &model, &batches, options));
                let scores = scores.map_err(|error| because(error.into()))?;
                Ok(Outcome::Scores(scores))
            }
        }
    }

    fn train(&self, recipe: &Recipe) -> Result<(Outcome, Forecaster), StudyError> {
        let trial_runner = self.trial_runner_of(recipe)?;
        let because = |error| because(&Task::Train(recipe.clone()), error);
        let (commands, inbox) = mpsc::channel();
        let by_epoch: RefCell<Vec<Vec<Score>>> = RefCell::default();
        // Scores are also emitted within an epoch; the last ones before an epoch's end are recorded.
        let ended = Cell::new(false);
        let mut control = Control::new(inbox, |event| {
            match event {
                Event::Epoch { .. } => ended.set(true),
                Event::Scores { scores } if ended.take() => by_epoch.borrow_mut().push(scores),
                _ => {}
            }
            if self.executor.is_stopped() {
                commands.send(Command::Stop).ok();
            }
        })
        .without_yielding();
        let mut scores = Vec::new();
        let fitted = match recipe {
            Recipe::Fresh {
                structure,
                training,
                seed,
                scored,
                ..
            } => {
                let mut running: Vec<ScoreAccumulator> =
                    scored.iter().copied().map(ScoreAccumulator::new).collect();
                let fitted = pollster::block_on(trial_runner.fresh(
                    structure,
                    training,
                    *seed,
                    &mut running,
                    &mut control,
                ));
                let fitted = fitted.map_err(because)?;
                let modules = fitted.model.active_attention_ids();
                for running in &running {
                    let read = pollster::block_on(running.scores(&modules));
                    scores.push(read.map_err(|error| because(error.into()))?);
                }
                fitted
            }
            Recipe::Tuned {
                from,
                removal,
                training,
                seed,
            } => {
                let start = apply(&removal.plan(), self.model(from)?);
                let tuned = trial_runner.finetune(start, training, *seed, &mut control);
                pollster::block_on(tuned).map_err(because)?
            }
            Recipe::Classifier { .. } | Recipe::TunedClassifier { .. } => {
                return Err(no_forecaster(recipe));
            }
        };
        drop(control);
        let errors = pollster::block_on(trial_runner.errors(&fitted.model)).map_err(because)?;
        let val_windows = match recipe {
            Recipe::Tuned { .. } => {
                pollster::block_on(trial_runner.validation_losses(&fitted.model))
                    .map_err(because)?
            }
            _ => Vec::new(),
        };
        let outcome = Outcome::Trained {
            errors: errors.into(),
            epochs: fitted.history.len(),
            scores,
            by_epoch: by_epoch.into_inner(),
            val_windows,
        };
        Ok((outcome, fitted.model))
    }

    /// The model of a recipe, trained if its weights are not stored yet.
    fn model(&self, recipe: &Recipe) -> Result<Forecaster, StudyError> {
        let task = Task::Train(recipe.clone());
        let key = task.key(self.data);
        if let Some(weights) = self.executor.cache.weights(&key)? {
            self.check_weights(&key)?;
            let trial_runner = self.trial_runner_of(recipe)?;
            let structure = recipe.structure()?.ok_or_else(|| no_forecaster(recipe))?;
            let model = Forecaster::try_init(&structure, 0, trial_runner.device())
                .map_err(|error| because(&task, error.into()))?;
            return model
                .with_weights(weights)
                .map_err(|error| because(&task, error.into()));
        }
        let (outcome, model) = self.train(recipe)?;
        let weights = pollster::block_on(model.weights());
        let weights = weights.map_err(|error| because(&task, error.into()))?;
        // Weights are written first: a result without them would count as complete.
        self.executor.cache.keep_weights(&key, &weights)?;
        self.executor.store(&key, outcome)?;
        Ok(model)
    }

    /// A model's own table, prepared for its windows.
    fn trial_runner_of(&self, recipe: &Recipe) -> Result<Arc<TrialRunner>, StudyError> {
        self.trial_runner(recipe.table(), recipe)
    }

    /// A table, prepared for a model's windows.
    fn trial_runner(&self, table: &str, of: &Recipe) -> Result<Arc<TrialRunner>, StudyError> {
        let forecaster = of.forecaster().ok_or_else(|| no_forecaster(of))?;
        let datasets = &self.executor.datasets;
        datasets.trial_runner(table, self.data, forecaster)
    }
}

fn no_forecaster(recipe: &Recipe) -> StudyError {
    StudyError::Mismatch(format!("{} is not a forecaster", recipe.label()))
}

pub(crate) fn because(task: &Task, error: JobError) -> StudyError {
    match error {
        JobError::Stopped => StudyError::Stopped,
        error => StudyError::Task {
            task: task.label(),
            error: Box::new(error),
        },
    }
}

impl From<Errors> for TaskErrors {
    fn from(errors: Errors) -> Self {
        Self {
            val: errors.val,
            test: errors.test.mse,
            test_mae: errors.test.mae,
        }
    }
}
