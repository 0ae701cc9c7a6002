//! Models of one depth: their recipes, and figures over the study's seeds.

use crate::synthetic::Course;
use spat_prune::ScoringOptions;
use spat_series::Part;
use spat_spec::{
    ClassifierSize, ClassifierStudy, ErrorSpread, ForecasterConfig, Measure, ModuleId, PruneRule,
    Question, Score, Scorer, SendOptions, Spread, Structure, Study, When,
};

use crate::error::StudyError;
use crate::runner::Runner;
use crate::subsets::{Subset, values};
use crate::task::{Outcome, Recipe, Removal, Task, TaskErrors};
use crate::variants::recorded;

/// Models of one depth on one table, or on synthetic data.
pub(crate) struct StudyContext<'a> {
    pub(crate) terms: Terms<'a>,
    pub(crate) runner: &'a Runner<'a>,
    /// Those that can be removed, from input to output.
    pub(crate) modules: Vec<ModuleId>,
    subject: Subject<'a>,
}

/// Inputs of studies of all kinds of models.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) seeds: &'a [u64],
    pub(crate) scorers: &'a [Scorer],
    pub(crate) questions: &'a [Question],
    /// The study's options of SEND, the reference of comparisons.
    pub(crate) send: SendOptions,
    pub(crate) prune: &'a PruneRule,
    /// Number of random orders, if not every subset is trained.
    pub(crate) draws: usize,
    /// Number of batches of a scoring pass, and of samples in one.
    pub(crate) batches: (usize, usize),
    /// Whether every number of modules is also trained from new weights.
    pub(crate) scratch_everywhere: bool,
}

/// The models of the study.
enum Subject<'a> {
    Forecaster(Forecasting<'a>),
    Classifier {
        study: &'a ClassifierStudy,
        layers: usize,
    },
}

/// Additional inputs of a study of forecasters.
pub(crate) struct Forecasting<'a> {
    pub(crate) study: &'a Study,
    pub(crate) table: String,
    pub(crate) dense: Structure,
}

impl<'a> StudyContext<'a> {
    pub(crate) fn new(
        study: &'a Study,
        runner: &'a Runner<'a>,
        table: &str,
        layers: usize,
    ) -> Self {
        Self::of_forecaster(study, runner, table, study.forecaster(layers))
    }

    /// The context of one dense forecaster.
    pub(crate) fn of_forecaster(
        study: &'a Study,
        runner: &'a Runner<'a>,
        table: &str,
        forecaster: ForecasterConfig,
    ) -> Self {
        let modules = forecaster.removable_modules();
        let dense = Structure::dense(forecaster);
        Self {
            terms: Terms {
                seeds: &study.seeds,
                scorers: &study.scorers,
                questions: &study.questions,
                send: study.send(),
                prune: &study.base.prune,
                draws: study.draws,
                batches: (study.score_batches, study.base.training.batch),
                scratch_everywhere: study.scratch_everywhere,
            },
            runner,
            modules,
            subject: Subject::Forecaster(Forecasting {
                study,
                table: table.to_owned(),
                dense,
            }),
        }
    }

    /// The context of classifiers.
    pub(crate) fn of_classifiers(
        study: &'a ClassifierStudy,
        runner: &'a Runner<'a>,
        layers: usize,
    ) -> Self {
        Self {
            terms: Terms {
                seeds: &study.seeds,
                scorers: &study.scorers,
                questions: &study.questions,
                send: study.send,
                prune: &study.prune,
                draws: study.draws,
                batches: (study.score_batches, study.batch),
                scratch_everywhere: study.scratch_everywhere,
            },
            runner,
            modules: (0..layers).map(ModuleId::encoder).collect(),
            subject: Subject::Classifier { study, layers },
        }
    }

    /// Whether the study includes a question.
    pub(crate) fn asks(&self, question: Question) -> bool {
        self.terms.questions.contains(&question)
    }

    /// The error measure.
    pub(crate) fn measure(&self) -> Measure {
        match self.subject {
            Subject::Forecaster(_) => Measure::Forecast,
            Subject::Classifier { .. } => Measure::Classification,
        }
    }

    /// Inputs that only forecasters have.
    pub(crate) fn forecasting(&self) -> Result<&Forecasting<'a>, StudyError> {
        match &self.subject {
            Subject::Forecaster(forecasting) => Ok(forecasting),
            Subject::Classifier { .. } => Err(StudyError::Mismatch(
                "this question applies to forecasters only".to_owned(),
            )),
        }
    }

    /// Number of modules that can be removed.
    pub(crate) fn count_modules(&self) -> usize {
        self.modules.len()
    }

    pub(crate) fn seeds(&self) -> impl Iterator<Item = u64> + Clone + 'a {
        self.terms.seeds.iter().copied()
    }

    /// Number of modules removed at the study's ratio: at least one and, if there are several, not all.
    pub(crate) fn count(&self) -> usize {
        let most = (self.count_modules() - 1).max(1);
        self.terms.prune.count(self.count_modules()).clamp(1, most)
    }

    pub(crate) fn dense(&self, seed: u64) -> Recipe {
        self.fresh(seed, Subset::NONE, recorded(self.terms.send))
    }

    /// The structure without `subset`, trained from new weights.
    pub(crate) fn scratch(&self, seed: u64, subset: Subset) -> Recipe {
        self.fresh(seed, subset, Vec::new())
    }

    fn fresh(&self, seed: u64, without: Subset, scored: Vec<SendOptions>) -> Recipe {
        match &self.subject {
            Subject::Forecaster(of) => {
                let mut structure = of.dense.clone();
                let gone = without.names(&self.modules);
                for slot in &mut structure.attention {
                    if gone.contains(&slot.module) {
                        slot.heads.clear();
                    }
                }
                Recipe::Fresh {
                    table: of.table.clone(),
                    structure,
                    training: of.study.base.training.clone(),
                    seed,
                    scored,
                }
            }
            Subject::Classifier { study, layers } => Recipe::Classifier {
                course: Course {
                    domain: study.domain,
                    size: ClassifierSize {
                        layers: *layers,
                        ..study.size
                    },
                    batch: study.batch,
                    learning_rate: study.learning_rate,
                    seed,
                },
                without: without.names(&self.modules),
                steps: study.steps,
                scored,
            },
        }
    }

    /// The dense model without `removal`, fine-tuned with the study's settings.
    pub(crate) fn tuned_without(&self, seed: u64, removal: Removal) -> Recipe {
        let from = Box::new(self.dense(seed));
        match &self.subject {
            Subject::Forecaster(of) => Recipe::Tuned {
                from,
                removal,
                training: of.study.base.finetune.clone(),
                seed,
            },
            Subject::Classifier { study, .. } => Recipe::TunedClassifier {
                from,
                removal,
                steps: study.finetune_steps,
            },
        }
    }

    pub(crate) fn removal(&self, subset: Subset) -> Removal {
        Removal::modules(subset.names(&self.modules))
    }

    pub(crate) fn tuned(&self, seed: u64, subset: Subset) -> Recipe {
        self.tuned_without(seed, self.removal(subset))
    }

    /// Trains everything in `recipes` that has no result yet.
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

    /// Error of each validation window of a seed's fine-tuned model without a subset; `None` if it was not
    /// recorded.
    pub(crate) fn val_windows(
        &self,
        seed: u64,
        subset: Subset,
    ) -> Result<Option<Vec<f64>>, StudyError> {
        let task = Task::Train(self.tuned(seed, subset));
        Ok(match self.runner.ask(&[task])?.pop() {
            Some(Outcome::Trained { val_windows, .. }) if !val_windows.is_empty() => {
                Some(val_windows.into_iter().map(f64::from).collect())
            }
            _ => None,
        })
    }

    /// Test error of a seed's fine-tuned model without a subset.
    pub(crate) fn test(&self, seed: u64, subset: Subset) -> Result<f64, StudyError> {
        Ok(self.errors(self.tuned(seed, subset))?.test)
    }

    /// One figure per seed.
    pub(crate) fn over_seeds(
        &self,
        figure: impl FnMut(u64) -> Result<f64, StudyError>,
    ) -> Result<Spread, StudyError> {
        self.seeds()
            .map(figure)
            .collect::<Result<Vec<f64>, _>>()
            .map(Spread::of)
    }

    /// Errors over seeds, with one model per seed.
    pub(crate) fn error_spread(
        &self,
        mut recipe: impl FnMut(u64) -> Result<Recipe, StudyError>,
    ) -> Result<ErrorSpread, StudyError> {
        let mut all = Vec::new();
        let mut cost = None;
        for seed in self.seeds() {
            let recipe = recipe(seed)?;
            cost = Some(recipe.cost()?);
            all.push(self.errors(recipe)?);
        }
        let cost = cost.ok_or_else(|| StudyError::Mismatch("the study has no seeds".to_owned()))?;
        let spread = |figure: fn(&TaskErrors) -> f64| all.iter().map(figure).collect();
        Ok(ErrorSpread {
            val: spread(|errors| errors.val),
            test: spread(|errors| errors.test),
            test_mae: spread(|errors| errors.test_mae),
            params: cost.params,
            macs: cost.macs,
        })
    }

    /// SEND of a seed's dense model with the given options.
    pub(crate) fn send(&self, seed: u64, options: SendOptions) -> Result<Vec<Score>, StudyError> {
        if options.when == When::After {
            return self.scored(self.dense(seed), Scorer::Send, options);
        }
        let recorded = recorded(self.terms.send);
        let place = recorded.iter().position(|known| *known == options);
        let (scores, _) = self.recorded(seed)?;
        place
            .and_then(|place| scores.into_iter().nth(place))
            .ok_or_else(|| StudyError::Mismatch("a variant of SEND was not recorded".to_owned()))
    }

    /// Scores that a seed's dense training recorded: at its end by each way of scoring, and after each
    /// epoch.
    #[allow(clippy::type_complexity)]
    pub(crate) fn recorded(
        &self,
        seed: u64,
    ) -> Result<(Vec<Vec<Score>>, Vec<Vec<Score>>), StudyError> {
        match self.runner.ask(&[Task::Train(self.dense(seed))])?.pop() {
            Some(Outcome::Trained {
                scores, by_epoch, ..
            }) => {
                let removable = |all: Vec<Vec<Score>>| {
                    let each = all.into_iter();
                    each.map(|scores| self.of_removable(scores)).collect()
                };
                Ok((removable(scores), removable(by_epoch)))
            }
            _ => Err(StudyError::Mismatch(
                "a training recorded nothing".to_owned(),
            )),
        }
    }

    /// SEND of a seed with the study's options.
    pub(crate) fn send_values(&self, seed: u64) -> Result<Vec<f64>, StudyError> {
        Ok(values(&self.send(seed, self.terms.send)?))
    }

    /// A scoring of one of a seed's models on the data that the scorer needs.
    pub(crate) fn score_task(&self, of: Recipe, scorer: Scorer, options: SendOptions) -> Task {
        let needs = scorer.needs();
        Task::Score {
            of: if needs.untrained { of.untrained() } else { of },
            scorer,
            options: scoring(options),
            part: needs.part.unwrap_or(Part::Train),
            batches: self.terms.batches,
            group: (0, 1),
        }
    }

    pub(crate) fn scored(
        &self,
        of: Recipe,
        scorer: Scorer,
        options: SendOptions,
    ) -> Result<Vec<Score>, StudyError> {
        self.scores(self.score_task(of, scorer, options))
    }

    /// The scores that a task results in, of the modules that can be removed.
    pub(crate) fn scores(&self, task: Task) -> Result<Vec<Score>, StudyError> {
        match self.runner.ask(&[task])?.pop() {
            Some(Outcome::Scores(scores)) => Ok(self.of_removable(scores)),
            _ => Err(StudyError::Mismatch("a task scored nothing".to_owned())),
        }
    }

    fn of_removable(&self, mut scores: Vec<Score>) -> Vec<Score> {
        scores.retain(|score| self.modules.contains(&score.module));
        scores
    }
}

pub(crate) fn errors_of(runner: &Runner<'_>, task: Task) -> Result<TaskErrors, StudyError> {
    match runner.ask(&[task])?.pop() {
        Some(Outcome::Trained { errors, .. } | Outcome::Errors(errors)) => Ok(errors),
        _ => Err(StudyError::Mismatch("a task measured no errors".to_owned())),
    }
}

/// Options of the baseline scorers, with SEND taken after training.
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
