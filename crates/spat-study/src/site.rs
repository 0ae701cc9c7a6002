//! Models of one depth: their recipes, and figures over the study's seeds.

use spat_prune::ScoringOptions;
use spat_series::Part;
use spat_spec::{
    ErrorSpread, ModuleId, Score, Scorer, SendOptions, Spread, Structure, Study, TrainingConfig,
    When,
};

use crate::error::StudyError;
use crate::runner::Runner;
use crate::subsets::{Subset, values};
use crate::task::{Outcome, Recipe, Removal, Task, TaskErrors};
use crate::variants::recorded;

/// One depth on one table.
pub(crate) struct Site<'a> {
    pub(crate) study: &'a Study,
    pub(crate) runner: &'a Runner<'a>,
    pub(crate) table: String,
    pub(crate) dense: Structure,
    pub(crate) modules: Vec<ModuleId>,
}

impl<'a> Site<'a> {
    pub(crate) fn new(
        study: &'a Study,
        runner: &'a Runner<'a>,
        table: &str,
        layers: usize,
    ) -> Self {
        let dense = Structure::dense(study.forecaster(layers));
        let modules = dense
            .attention
            .iter()
            .map(|slot| slot.module.clone())
            .collect();
        Self {
            study,
            runner,
            table: table.to_owned(),
            dense,
            modules,
        }
    }

    pub(crate) fn layers(&self) -> usize {
        self.modules.len()
    }

    pub(crate) fn seeds(&self) -> impl Iterator<Item = u64> + Clone + 'a {
        self.study.seeds.iter().copied()
    }

    /// Modules that go at the study's ratio: at least one, where there is a choice not all.
    pub(crate) fn count(&self) -> usize {
        let most = (self.layers() - 1).max(1);
        self.study.count(self.layers()).clamp(1, most)
    }

    pub(crate) fn dense(&self, seed: u64) -> Recipe {
        Recipe::Fresh {
            table: self.table.clone(),
            structure: self.dense.clone(),
            training: self.study.base.training.clone(),
            seed,
            scored: recorded(self.study.send()),
        }
    }

    /// The dense model without `removal`, fine-tuned as the study has it.
    pub(crate) fn tuned_without(&self, seed: u64, removal: Removal) -> Recipe {
        self.tuned_from(
            self.dense(seed),
            seed,
            removal,
            self.study.base.finetune.clone(),
        )
    }

    pub(crate) fn tuned_from(
        &self,
        from: Recipe,
        seed: u64,
        removal: Removal,
        training: TrainingConfig,
    ) -> Recipe {
        Recipe::Tuned {
            from: Box::new(from),
            removal,
            training,
            seed,
        }
    }

    pub(crate) fn removal(&self, subset: Subset) -> Removal {
        Removal::modules(subset.names(&self.modules))
    }

    pub(crate) fn tuned(&self, seed: u64, subset: Subset) -> Recipe {
        self.tuned_without(seed, self.removal(subset))
    }

    /// The structure without `subset`, trained from new weights.
    pub(crate) fn scratch(&self, seed: u64, subset: Subset) -> Result<Recipe, StudyError> {
        Ok(Recipe::Fresh {
            table: self.table.clone(),
            structure: self.structure(subset)?,
            training: self.study.base.training.clone(),
            seed,
            scored: Vec::new(),
        })
    }

    pub(crate) fn structure(&self, subset: Subset) -> Result<Structure, StudyError> {
        Ok(self.removal(subset).from(self.dense.clone())?)
    }

    /// Trains everything in `recipes` that is not known yet.
    pub(crate) fn train(
        &self,
        recipes: impl IntoIterator<Item = Recipe>,
    ) -> Result<(), StudyError> {
        let tasks: Vec<Task> = recipes.into_iter().map(Task::Train).collect();
        self.runner.ask(&tasks).map(drop)
    }

    /// Fine-tunes each seed's dense model without each subset.
    pub(crate) fn tune(
        &self,
        wanted: impl IntoIterator<Item = (u64, Subset)>,
    ) -> Result<(), StudyError> {
        self.train(
            wanted
                .into_iter()
                .map(|(seed, subset)| self.tuned(seed, subset)),
        )
    }

    pub(crate) fn errors(&self, recipe: Recipe) -> Result<TaskErrors, StudyError> {
        errors_of(self.runner, Task::Train(recipe))
    }

    /// Test error of a seed's fine-tuned model without a subset.
    pub(crate) fn test(&self, seed: u64, subset: Subset) -> Result<f64, StudyError> {
        Ok(self.errors(self.tuned(seed, subset))?.test)
    }

    /// A figure for each seed.
    pub(crate) fn over_seeds(
        &self,
        figure: impl FnMut(u64) -> Result<f64, StudyError>,
    ) -> Result<Spread, StudyError> {
        self.seeds()
            .map(figure)
            .collect::<Result<Vec<f64>, _>>()
            .map(Spread::of)
    }

    /// Errors over seeds of a model of each.
    pub(crate) fn error_spread(
        &self,
        mut recipe: impl FnMut(u64) -> Result<Recipe, StudyError>,
    ) -> Result<ErrorSpread, StudyError> {
        let mut all = Vec::new();
        let mut cost = None;
        for seed in self.seeds() {
            let recipe = recipe(seed)?;
            cost = Some(recipe.structure()?.cost());
            all.push(self.errors(recipe)?);
        }
        let cost = cost.unwrap_or_else(|| self.dense.cost());
        let spread = |figure: fn(&TaskErrors) -> f64| all.iter().map(figure).collect();
        Ok(ErrorSpread {
            val: spread(|errors| errors.val),
            test: spread(|errors| errors.test),
            test_mae: spread(|errors| errors.test_mae),
            params: cost.params,
            macs: cost.macs,
        })
    }

    /// SEND of a seed's dense model with options of the study.
    pub(crate) fn send(&self, seed: u64, options: SendOptions) -> Result<Vec<Score>, StudyError> {
        if options.when == When::After {
            return self.scored(self.dense(seed), Scorer::Send, options);
        }
        let recorded = recorded(self.study.send());
        let place = recorded.iter().position(|known| *known == options);
        let (scores, _) = self.recorded(seed)?;
        place
            .and_then(|place| scores.into_iter().nth(place))
            .ok_or_else(|| StudyError::Mismatch("a variant of SEND was not recorded".to_owned()))
    }

    /// What a seed's dense training recorded: scores at its end by way of scoring, and those of
    /// each epoch.
    #[allow(clippy::type_complexity)]
    pub(crate) fn recorded(
        &self,
        seed: u64,
    ) -> Result<(Vec<Vec<Score>>, Vec<Vec<Score>>), StudyError> {
        match self.runner.ask(&[Task::Train(self.dense(seed))])?.pop() {
            Some(Outcome::Trained {
                scores, by_epoch, ..
            }) => Ok((scores, by_epoch)),
            _ => Err(StudyError::Mismatch(
                "a training recorded nothing".to_owned(),
            )),
        }
    }

    /// The study's own SEND values of a seed.
    pub(crate) fn send_values(&self, seed: u64) -> Result<Vec<f64>, StudyError> {
        Ok(values(&self.send(seed, self.study.send())?))
    }

    /// A scoring of one of a seed's models by batches of the part that the scorer is meant for.
    pub(crate) fn score_task(&self, of: Recipe, scorer: Scorer, options: SendOptions) -> Task {
        let of = match (scorer, of) {
            // Made for a model before any training.
            (
                Scorer::Snip,
                Recipe::Fresh {
                    table,
                    structure,
                    training,
                    seed,
                    ..
                },
            ) => Recipe::Fresh {
                table,
                structure,
                training: TrainingConfig {
                    epochs: 0,
                    ..training
                },
                seed,
                scored: Vec::new(),
            },
            (_, of) => of,
        };
        Task::Score {
            of,
            scorer,
            options: scoring(options),
            part: match scorer {
                Scorer::LeaveOneOut => Part::Val,
                _ => Part::Train,
            },
            batches: (self.study.score_batches, self.study.base.training.batch),
            group: (0, 1),
        }
    }

    pub(crate) fn scored(
        &self,
        of: Recipe,
        scorer: Scorer,
        options: SendOptions,
    ) -> Result<Vec<Score>, StudyError> {
        scores_of(self.runner, self.score_task(of, scorer, options))
    }
}

pub(crate) fn errors_of(runner: &Runner<'_>, task: Task) -> Result<TaskErrors, StudyError> {
    match runner.ask(&[task])?.pop() {
        Some(Outcome::Trained { errors, .. } | Outcome::Errors(errors)) => Ok(errors),
        _ => Err(StudyError::Mismatch("a task measured no errors".to_owned())),
    }
}

pub(crate) fn scores_of(runner: &Runner<'_>, task: Task) -> Result<Vec<Score>, StudyError> {
    match runner.ask(&[task])?.pop() {
        Some(Outcome::Scores(scores)) => Ok(scores),
        _ => Err(StudyError::Mismatch("a task scored nothing".to_owned())),
    }
}

/// The rivals as they come, and SEND by a pass over a finished model.
pub(crate) fn scoring(send: SendOptions) -> ScoringOptions {
    ScoringOptions {
        send: SendOptions {
            when: When::After,
            ..send
        },
        heads: false,
        ..ScoringOptions::default()
    }
}
