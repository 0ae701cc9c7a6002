//! Provides results of tasks: from memory, from the cache, or by running them on several threads.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use spat_engine::platform::run_on_threads;
use spat_engine::{Control, Errors, JobError, TrialRunner};
use spat_model::{Forecaster, HasAttention as _};
use spat_prune::{Sample, ScoreAccumulator, apply, score_with};
use spat_spec::{Command, DataConfig, Event, Score};

use crate::cache::Cache;
use crate::error::StudyError;
use crate::task::{Outcome, Recipe, Task, TaskErrors};

/// Progress of a study.
#[derive(Debug, Clone, PartialEq)]
pub enum StudyEvent {
    /// More tasks are requested.
    Wanted {
        /// Number of new tasks.
        tasks: usize,
        /// Number of these with a stored result.
        known: usize,
    },
    /// A task starts.
    Began(String),
    /// A task is finished.
    Ended(String),
    /// A part of the study starts.
    Part(String),
}

/// Runs the tasks of a study.
pub(crate) struct Runner<'a> {
    /// Data by SHA-256 of the table.
    pub(crate) trial_runners: BTreeMap<String, TrialRunner>,
    pub(crate) data: DataConfig,
    pub(crate) cache: Cache,
    pub(crate) workers: usize,
    pub(crate) on_event: &'a (dyn Fn(StudyEvent) + Sync),
    pub(crate) stop: &'a AtomicBool,
    pub(crate) known: Mutex<HashMap<String, Outcome>>,
}

impl Runner<'_> {
    /// Results of the tasks, in order.
    pub(crate) fn ask(&self, tasks: &[Task]) -> Result<Vec<Outcome>, StudyError> {
        let keys: Vec<String> = tasks.iter().map(|task| task.key(&self.data)).collect();
        let mut wanted: Vec<(&str, &Task)> = Vec::new();
        let mut found = 0;
        for (key, task) in keys.iter().zip(tasks) {
            if self.known().contains_key(key) || wanted.iter().any(|(other, _)| other == key) {
                continue;
            }
            match self.cache.outcome(key)? {
                Some(outcome) => {
                    self.known().insert(key.clone(), outcome);
                    found += 1;
                }
                None => wanted.push((key, task)),
            }
        }
        if found + wanted.len() > 0 {
            (self.on_event)(StudyEvent::Wanted {
                tasks: found + wanted.len(),
                known: found,
            });
        }
        self.work(&wanted)?;
        let known = self.known();
        keys.iter()
            .zip(tasks)
            .map(|(key, task)| {
                known.get(key).cloned().ok_or_else(|| {
                    StudyError::Mismatch(format!("there is no result of: {}", task.label()))
                })
            })
            .collect()
    }

    /// Makes sure that the weights of these models are stored, because other tasks need them.
    pub(crate) fn ask_models(&self, recipes: &[Recipe]) -> Result<(), StudyError> {
        let tasks: Vec<Task> = recipes.iter().cloned().map(Task::Train).collect();
        let mut wanted: Vec<(String, &Task)> = Vec::new();
        for task in &tasks {
            let key = task.key(&self.data);
            if !self.cache.has_weights(&key) && wanted.iter().all(|(other, _)| *other != key) {
                wanted.push((key, task));
            }
        }
        (self.on_event)(StudyEvent::Wanted {
            tasks: wanted.len(),
            known: 0,
        });
        self.in_parallel(&wanted, |(_, task)| match task {
            Task::Train(recipe) if recipe.course().is_some() => self.classifier(recipe).map(drop),
            Task::Train(recipe) => self.model(recipe).map(drop),
            _ => Ok(()),
        })
    }

    fn work(&self, wanted: &[(&str, &Task)]) -> Result<(), StudyError> {
        self.in_parallel(wanted, |(key, task)| {
            // The model may have been trained already, for another task.
            if self.known().contains_key(*key) {
                return Ok(());
            }
            let outcome = self.outcome(task)?;
            self.cache.keep(key, &outcome)?;
            self.known().insert((*key).to_owned(), outcome);
            Ok(())
        })
    }

    /// Calls `each` on every item; returns the first error in their order.
    fn in_parallel<T: Labelled + Sync>(
        &self,
        items: &[T],
        each: impl Fn(&T) -> Result<(), StudyError> + Sync,
    ) -> Result<(), StudyError> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let errors: Mutex<BTreeMap<usize, StudyError>> = Mutex::default();
        let worker = || {
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(place) else { return };
                if failed.load(Ordering::Relaxed) {
                    return;
                }
                let label = item.label();
                (self.on_event)(StudyEvent::Began(label.clone()));
                let result = if self.stop.load(Ordering::Relaxed) {
                    Err(StudyError::Stopped)
                } else {
                    each(item)
                };
                match result {
                    Ok(()) => (self.on_event)(StudyEvent::Ended(label)),
                    Err(error) => {
                        failed.store(true, Ordering::Relaxed);
                        let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
                        errors.insert(place, error);
                    }
                }
            }
        };
        let workers = self.workers.clamp(1, items.len().max(1));
        if let Err(error) = run_on_threads(workers, &worker) {
            let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
            let reason = format!("cannot start a thread: {error}");
            errors.insert(usize::MAX, StudyError::Mismatch(reason));
        }
        let errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
        match errors.into_values().next() {
            Some(error) => Err(error),
            None => Ok(()),
        }
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
                let errors = pollster::block_on(self.trial_runner(of.table())?.errors(&model));
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
                let errors = pollster::block_on(self.trial_runner(to)?.errors(&model));
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
                let trial_runner = self.trial_runner(of.table())?;
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
        let trial_runner = self.trial_runner(recipe.table())?;
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
            if self.stop.load(Ordering::Relaxed) {
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
        let key = task.key(&self.data);
        if let Some(weights) = self.cache.weights(&key)? {
            let trial_runner = self.trial_runner(recipe.table())?;
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
        self.cache.keep_weights(&key, &weights)?;
        self.cache.keep(&key, &outcome)?;
        self.known().insert(key, outcome);
        Ok(model)
    }

    fn trial_runner(&self, table: &str) -> Result<&TrialRunner, StudyError> {
        self.trial_runners
            .get(table)
            .ok_or_else(|| StudyError::Mismatch(format!("the study has no table {table}")))
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, HashMap<String, Outcome>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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

trait Labelled {
    fn label(&self) -> String;
}

impl<K> Labelled for (K, &Task) {
    fn label(&self) -> String {
        self.1.label()
    }
}
