//! Tasks on classifiers: small Transformers that are not forecasters.

use std::cell::RefCell;

use crate::synthetic::{Classifier, Course, Stream};
use spat_engine::JobError;
use spat_model::{HasAttention as _, weights, with_weights};
use spat_prune::{ScoreAccumulator, apply, score_with};
use spat_series::Part;
use spat_spec::Score;

use crate::compute::{Computation, because};
use crate::error::StudyError;
use crate::task::{Outcome, Recipe, Task, TaskErrors};

/// Number of parts of a dense training, after each of which the scores are recorded.
const EPOCHS: usize = 4;

/// Number of batches for the test, and for validation.
pub(crate) const TEST_BATCHES: usize = 32;

impl Computation<'_> {
    /// The outcome of a task on a classifier; `None` for any other task.
    pub(crate) fn of_classifier(&self, task: &Task) -> Result<Option<Outcome>, StudyError> {
        let failed = |error: spat_prune::ScoreError| because(task, error.into());
        match task {
            Task::Train(recipe) if recipe.course().is_some() => self
                .train_classifier(recipe)
                .map(|(outcome, _)| Some(outcome)),
            Task::Cut { of, removal } => {
                let Some((course, _)) = of.course() else {
                    return Ok(None);
                };
                let model = apply(&removal.plan(), self.classifier(of)?);
                Ok(Some(Outcome::Errors(errors(course, &model, task)?)))
            }
            Task::Score {
                of,
                scorer,
                options,
                part,
                batches: (count, _),
                group: (group, groups),
            } => {
                let Some((course, _)) = of.course() else {
                    return Ok(None);
                };
                let stream = match part {
                    Part::Val => Stream::Validation,
                    Part::Train | Part::Test => Stream::Score,
                };
                let batches: Vec<_> = course
                    .batches(stream, count * groups)
                    .into_iter()
                    .skip(*group)
                    .step_by(*groups)
                    .collect();
                let model = self.classifier(of)?;
                let scores = pollster::block_on(score_with(*scorer, &model, &batches, options));
                Ok(Some(Outcome::Scores(scores.map_err(failed)?)))
            }
            Task::Train(_) | Task::GroundTruth(_) | Task::Transfer { .. } => Ok(None),
        }
    }

    fn train_classifier(&self, recipe: &Recipe) -> Result<(Outcome, Classifier), StudyError> {
        let task = Task::Train(recipe.clone());
        let failed = |error: spat_prune::ScoreError| because(&task, error.into());
        let by_epoch: RefCell<Vec<Result<Vec<Score>, spat_prune::ScoreError>>> = RefCell::default();
        let mut scores = Vec::new();
        let (course, model) = match recipe {
            Recipe::Classifier {
                course,
                without,
                steps,
                scored,
            } => {
                let mut running: Vec<ScoreAccumulator> =
                    scored.iter().copied().map(ScoreAccumulator::new).collect();
                let start = course.new_model(without);
                let modules = start.active_attention_ids();
                let look = |first: &ScoreAccumulator| {
                    let seen = pollster::block_on(first.scores(&modules));
                    by_epoch.borrow_mut().push(seen);
                };
                let model = course.train(&start, *steps, EPOCHS, &mut running, look);
                for running in &running {
                    scores.push(pollster::block_on(running.scores(&modules)).map_err(failed)?);
                }
                (course, model)
            }
            Recipe::TunedClassifier {
                from,
                removal,
                steps,
            } => {
                let Some((course, _)) = from.course() else {
                    return Err(no_classifier(from));
                };
                let start = apply(&removal.plan(), self.classifier(from)?);
                (course, course.finetune(&start, *steps))
            }
            Recipe::Fresh { .. } | Recipe::Tuned { .. } => return Err(no_classifier(recipe)),
        };
        let by_epoch = by_epoch.into_inner().into_iter();
        let outcome = Outcome::Trained {
            errors: errors(course, &model, &task)?,
            epochs: EPOCHS,
            scores,
            by_epoch: by_epoch.collect::<Result<_, _>>().map_err(failed)?,
            val_windows: Vec::new(),
        };
        Ok((outcome, model))
    }

    /// The classifier of a recipe, trained if its weights are not stored yet.
    pub(crate) fn classifier(&self, recipe: &Recipe) -> Result<Classifier, StudyError> {
        let task = Task::Train(recipe.clone());
        let key = task.key(self.data);
        let Some((course, gone)) = recipe.course() else {
            return Err(no_classifier(recipe));
        };
        if let Some(kept) = self.executor.cache.weights(&key)? {
            self.check_weights(&key)?;
            return with_weights(course.new_model(&gone), kept)
                .map_err(|error| because(&task, error.into()));
        }
        let (outcome, model) = self.train_classifier(recipe)?;
        let kept = pollster::block_on(weights(&model));
        let kept = kept.map_err(|error| because(&task, JobError::from(error)))?;
        // Weights are written first: a result without them would count as complete.
        self.executor.cache.keep_weights(&key, &kept)?;
        self.executor.store(&key, outcome)?;
        Ok(model)
    }
}

fn errors(course: &Course, model: &Classifier, task: &Task) -> Result<TaskErrors, StudyError> {
    let on = |stream| {
        let result = pollster::block_on(course.errors(model, stream, TEST_BATCHES));
        result.map_err(|error| because(task, error.into()))
    };
    let test = on(Stream::Test)?;
    Ok(TaskErrors {
        val: on(Stream::Validation)?.loss,
        test: test.loss,
        test_mae: 1.0 - test.accuracy,
    })
}

fn no_classifier(recipe: &Recipe) -> StudyError {
    StudyError::Mismatch(format!("{} is not a classifier", recipe.label()))
}
