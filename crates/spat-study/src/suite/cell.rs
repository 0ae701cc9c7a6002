//! One cell: its tasks, and its figures once these have results.

use spat_spec::{
    CellReport, Cost, MethodKind, MethodRegret, PrunedCell, PrunedModels, RankingMethodName,
    Spread, Study, Suite, SuiteCell,
};

use super::selection::{self, Selection};
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::item::WorkItem;
use crate::questions::rankings::{self, RankingMethod};
use crate::runner::Runner;
use crate::subsets::{Subset, lowest};
use crate::task::{Recipe, Task, TaskErrors};

/// The name of a random choice among the methods.
pub(super) const RANDOM: &str = "random choice";

/// A cell and what its tasks need.
pub(super) struct Cell<'a> {
    /// Index in [`Suite::cells`].
    pub(super) index: usize,
    pub(super) of: &'a SuiteCell,
    pub(super) is_pruned: bool,
    study: Study,
    /// Up to as many modules, every subset is trained.
    every_subset: usize,
    readings: &'a [String],
    runner: Runner<'a>,
}

impl<'a> Cell<'a> {
    pub(super) fn new(suite: &'a Suite, index: usize, runner: Runner<'a>) -> Self {
        let of = &suite.cells[index];
        Self {
            index,
            of,
            is_pruned: suite.is_pruned(of),
            study: suite.study(of),
            every_subset: suite.every_subset,
            readings: &suite.readings,
            runner,
        }
    }

    pub(super) fn context(&self) -> StudyContext<'_> {
        StudyContext::of_forecaster(
            &self.study,
            &self.runner,
            self.table(),
            self.of.forecaster.clone(),
        )
    }

    /// SHA-256 of the table.
    fn table(&self) -> &str {
        &self.study.tables[0].sha256
    }

    fn item(&self, task: Task) -> WorkItem {
        WorkItem {
            data: self.runner.data.clone(),
            task,
        }
    }

    /// The dense model of a seed. Scores are recorded only if they are used.
    pub(super) fn dense(&self, context: &StudyContext<'_>, seed: u64) -> Recipe {
        if self.is_pruned {
            context.dense(seed)
        } else {
            context.scratch(seed, Subset::NONE)
        }
    }

    /// Everything that does not depend on results: trainings, every subset if they are few, and scores.
    pub(super) fn first_items(&self) -> Vec<WorkItem> {
        let context = self.context();
        let mut tasks: Vec<Task> = Vec::new();
        for seed in context.seeds() {
            tasks.push(Task::Train(self.dense(&context, seed)));
            if self.is_pruned {
                let subsets = first_subsets(context.count_modules(), self.every_subset);
                tasks.extend(subsets.map(|subset| Task::Train(context.tuned(seed, subset))));
            }
        }
        if self.has_regrets(&context) {
            tasks.extend(rankings::score_tasks(&context, &self.methods(&context)));
        }
        tasks.into_iter().map(|task| self.item(task)).collect()
    }

    /// What the choices need besides; empty once nothing is missing.
    pub(super) fn further_items(&self) -> Result<Vec<WorkItem>, StudyError> {
        let mut tasks = Vec::new();
        if self.is_pruned {
            let context = self.context();
            for seed in context.seeds() {
                let task = Task::Train(context.tuned(seed, self.by_ratio(&context, seed)?));
                if !self.runner.has_result(&task) {
                    tasks.push(task);
                }
                if let Selection::Needs(needs) = selection::apply(&context, seed)? {
                    tasks.extend(needs);
                }
            }
        }
        Ok(tasks.into_iter().map(|task| self.item(task)).collect())
    }

    /// The modules that SEND removes at the suite's ratio.
    pub(super) fn by_ratio(
        &self,
        context: &StudyContext<'_>,
        seed: u64,
    ) -> Result<Subset, StudyError> {
        Ok(lowest(&context.send_values(seed)?, context.count()))
    }

    /// The modules that the selection rule removes.
    pub(super) fn by_rule(
        &self,
        context: &StudyContext<'_>,
        seed: u64,
    ) -> Result<Subset, StudyError> {
        match selection::apply(context, seed)? {
            Selection::Chosen(subset) => Ok(subset),
            Selection::Needs(_) => {
                Err(StudyError::Mismatch("a selection lacks results".to_owned()))
            }
        }
    }

    /// The figures, from stored results.
    pub(super) fn report(&self) -> Result<CellReport, StudyError> {
        let context = self.context();
        let prepared = self
            .runner
            .trial_runner(self.table(), &self.of.forecaster)?;
        Ok(CellReport {
            cell: self.index,
            windows: prepared.facts("").windows,
            dense: context.error_spread(|seed| Ok(self.dense(&context, seed)))?,
            pruned: self.is_pruned.then(|| self.pruned(&context)).transpose()?,
        })
    }

    fn pruned(&self, context: &StudyContext<'_>) -> Result<PrunedCell, StudyError> {
        let subsets = Subsets::of(context, self.every_subset)?;
        let (mut ratio, mut rule) = (Vec::new(), Vec::new());
        for seed in context.seeds() {
            ratio.push(self.by_ratio(context, seed)?);
            rule.push(self.by_rule(context, seed)?);
        }
        let best: Option<Vec<Subset>> = subsets.as_ref().map(Subsets::best);
        Ok(PrunedCell {
            modules: context.modules.clone(),
            control: context.error_spread(|seed| Ok(context.tuned(seed, Subset::NONE)))?,
            ratio: models(context, &ratio)?,
            rule: models(context, &rule)?,
            best: best.map(|best| models(context, &best)).transpose()?,
            regrets: match subsets {
                Some(subsets) if self.has_regrets(context) => self.regrets(context, &subsets)?,
                _ => Vec::new(),
            },
        })
    }

    /// SEND, the baseline scorers, and the readings of SEND.
    fn methods(&self, context: &StudyContext<'_>) -> Vec<RankingMethod> {
        let readings = rankings::options(context).into_iter().skip(1);
        let asked = readings.filter(|reading| self.readings.contains(&reading.name));
        let scorers = rankings::baseline_scorers(context).into_iter();
        scorers.chain(asked).collect()
    }

    /// Names of the methods of which the cell has a regret.
    pub(super) fn method_names(&self) -> Vec<RankingMethodName> {
        let context = self.context();
        if !self.has_regrets(&context) {
            return Vec::new();
        }
        let methods = self.methods(&context).into_iter().enumerate();
        let mut names: Vec<RankingMethodName> = methods
            .map(|(place, method)| RankingMethodName {
                kind: match (place, method.is_send()) {
                    (0, _) => MethodKind::Send,
                    (_, true) => MethodKind::Reading,
                    (_, false) => MethodKind::Scorer,
                },
                name: method.name,
                title: method.title,
            })
            .collect();
        names.push(RankingMethodName {
            name: RANDOM.to_owned(),
            title: "Mean over all choices of the same size".to_owned(),
            kind: MethodKind::Random,
        });
        names
    }

    /// A single module leaves no choice, and many are not tried in all combinations.
    fn has_regrets(&self, context: &StudyContext<'_>) -> bool {
        self.is_pruned && (2..=self.every_subset).contains(&context.count_modules())
    }

    fn regrets(
        &self,
        context: &StudyContext<'_>,
        subsets: &Subsets,
    ) -> Result<Vec<MethodRegret>, StudyError> {
        let mut regrets = Vec::new();
        for method in self.methods(context) {
            let mut percent = Vec::new();
            for (place, seed) in context.seeds().enumerate() {
                let scores = rankings::scores_of(context, &method, seed)?;
                let chosen = |count| subsets.mse(place, lowest(&scores, count));
                percent.push(subsets.regret(place, chosen));
            }
            regrets.push(MethodRegret {
                name: method.name,
                percent,
            });
        }
        let seeds = 0..subsets.by_seed.len();
        let random = seeds.map(|place| subsets.regret(place, |size| subsets.mean(place, size)));
        regrets.push(MethodRegret {
            name: RANDOM.to_owned(),
            percent: random.collect(),
        });
        Ok(regrets)
    }
}

/// The subsets that are fine-tuned without a look at any score: all, or of many modules none.
fn first_subsets(modules: usize, every_subset: usize) -> impl Iterator<Item = Subset> {
    Subset::all(if modules <= every_subset { modules } else { 0 })
}

/// Test errors of every subset, fine-tuned.
struct Subsets {
    modules: usize,
    /// Test MSE by the subset's bits, for each seed.
    by_seed: Vec<Vec<f64>>,
    /// MACs by the subset's bits.
    macs: Vec<u64>,
}

impl Subsets {
    /// `None` of more modules than are tried in all combinations.
    fn of(context: &StudyContext<'_>, most: usize) -> Result<Option<Self>, StudyError> {
        let modules = context.count_modules();
        if modules > most {
            return Ok(None);
        }
        let mut by_seed = Vec::new();
        let mut macs = Vec::new();
        for seed in context.seeds() {
            let all = Subset::all(modules);
            by_seed.push(
                all.map(|subset| context.test(seed, subset))
                    .collect::<Result<_, _>>()?,
            );
            if macs.is_empty() {
                for subset in Subset::all(modules) {
                    macs.push(context.tuned(seed, subset).cost()?.macs);
                }
            }
        }
        Ok(Some(Self {
            modules,
            by_seed,
            macs,
        }))
    }

    fn mse(&self, seed: usize, subset: Subset) -> f64 {
        self.by_seed[seed][subset.0 as usize]
    }

    fn of_size(&self, seed: usize, size: usize) -> impl Iterator<Item = f64> + '_ {
        Subset::all(self.modules)
            .filter(move |subset| subset.len() == size)
            .map(move |subset| self.mse(seed, subset))
    }

    fn mean(&self, seed: usize, size: usize) -> f64 {
        Spread::of(self.of_size(seed, size).collect()).mean
    }

    /// The subset with the lowest test error for each seed; of equal ones the one with the fewest MACs.
    fn best(&self) -> Vec<Subset> {
        let of_seed = |seed: usize| {
            let lowest = Subset::all(self.modules).min_by(|&a, &b| {
                let macs = |subset: Subset| self.macs[subset.0 as usize];
                self.mse(seed, a)
                    .total_cmp(&self.mse(seed, b))
                    .then(macs(a).cmp(&macs(b)))
            });
            lowest.unwrap_or(Subset::NONE)
        };
        (0..self.by_seed.len()).map(of_seed).collect()
    }

    /// Mean over the sizes that leave a choice of the error above the best of the size, in percent.
    fn regret(&self, seed: usize, chosen: impl Fn(usize) -> f64) -> f64 {
        let of_size = |size: usize| {
            let best = self.of_size(seed, size).fold(f64::INFINITY, f64::min);
            spat_spec::percent_change(best, chosen(size))
        };
        let sizes = 1..self.modules;
        Spread::of(sizes.map(of_size).collect()).mean
    }
}

/// Fine-tuned models without a subset for each seed.
fn models(context: &StudyContext<'_>, removed: &[Subset]) -> Result<PrunedModels, StudyError> {
    let mut models = PrunedModels {
        removed: removed.iter().map(|subset| subset.places()).collect(),
        params: Vec::new(),
        macs: Vec::new(),
        mse: Vec::new(),
        mae: Vec::new(),
    };
    for (seed, &subset) in context.seeds().zip(removed) {
        let recipe = context.tuned(seed, subset);
        let Cost { params, macs } = recipe.cost()?;
        let TaskErrors { test, test_mae, .. } = context.errors(recipe)?;
        models.params.push(params);
        models.macs.push(macs);
        models.mse.push(test);
        models.mae.push(test_mae);
    }
    Ok(models)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seeds of two modules. Subsets: none, {0}, {1}, both.
    fn subsets() -> Subsets {
        Subsets {
            modules: 2,
            by_seed: vec![vec![1.0, 0.8, 0.5, 0.9], vec![0.4, 0.5, 0.6, 0.4]],
            macs: vec![100, 90, 80, 70],
        }
    }

    #[test]
    fn regret_is_relative_to_the_best_of_the_size() {
        let subsets = subsets();
        // Of one module, {1} is best with 0.5; {0} is 60 % above it.
        let regret = subsets.regret(0, |_| 0.8);
        assert!((regret - 60.0).abs() < 1e-12);
        assert_eq!(subsets.regret(0, |_| 0.5), 0.0);
        // A random choice of one: 0.65 in the mean.
        let random = subsets.regret(0, |size| subsets.mean(0, size));
        assert!((random - 30.0).abs() < 1e-12);
    }

    #[test]
    fn of_equally_good_subsets_the_cheapest_is_best() {
        assert_eq!(subsets().best(), [Subset(0b10), Subset(0b11)]);
    }

    #[test]
    fn few_modules_are_tried_in_all_combinations() {
        assert_eq!(first_subsets(3, 3).count(), 8);
        assert_eq!(first_subsets(4, 3).collect::<Vec<_>>(), [Subset::NONE]);
    }
}
