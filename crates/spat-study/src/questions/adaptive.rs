//! Rules that choose the number of modules, compared with every fixed number.

use spat_prune::adaptive::{AdaptiveError, AdaptiveRule, Otherwise, eliminate};
use spat_prune::selection::{CandidateEvaluator, select};
use spat_spec::{AdaptiveResult, Plan, Score, Select, Spread};

use crate::compare::paired;
use crate::context::{StudyContext, errors_of};
use crate::error::StudyError;
use crate::subsets::{Subset, above_best, lowest};
use crate::task::Task;

struct Rule {
    name: &'static str,
    title: &'static str,
    rule: AdaptiveRule,
}

fn rules() -> Vec<Rule> {
    let guarded = |stable, otherwise| AdaptiveRule {
        select: Select::Elimination,
        stable,
        otherwise,
        ..AdaptiveRule::default()
    };
    let selected = |select| AdaptiveRule {
        select,
        ..AdaptiveRule::default()
    };
    vec![
        Rule {
            name: "gap or nothing",
            title: "up to the widest gap of SEND where it exceeds the spread over batches, as long as the validation loss permits",
            rule: guarded(1.0, Otherwise::Keep),
        },
        Rule {
            name: "gap or trial",
            title: "the same, and where no gap is wide enough every module is tried",
            rule: guarded(1.0, Otherwise::TryEach),
        },
        Rule {
            name: "trial",
            title: "every module is tried in every round, SEND breaks ties only",
            rule: guarded(f64::INFINITY, Otherwise::TryEach),
        },
        Rule {
            name: "one standard error",
            title: "the smallest candidate within one standard error of the lowest validation error",
            rule: selected(Select::OneSe),
        },
        Rule {
            name: "lowest",
            title: "the candidate with the lowest validation error",
            rule: selected(Select::Best),
        },
    ]
}

/// Applies each rule to each seed; validation errors are those of fine-tuned models. Rules that need the errors of
/// single windows are left out where they were not recorded: of classifiers, and in results of earlier builds.
pub(crate) fn compare(context: &StudyContext<'_>) -> Result<Vec<AdaptiveResult>, StudyError> {
    // The fixed numbers that the rules are compared with, by SEND.
    let mut fixed: Vec<(u64, Vec<f64>)> = Vec::new();
    for seed in context.seeds() {
        let scores = context.send_values(seed)?;
        let wanted = (0..=context.count_modules()).map(|count| (seed, lowest(&scores, count)));
        context.tune(wanted.clone())?;
        let tests = wanted.map(|(seed, gone)| context.test(seed, gone));
        fixed.push((seed, tests.collect::<Result<_, _>>()?));
    }
    let mut results = Vec::new();
    for rule in rules() {
        match result(context, &rule, &fixed) {
            Ok(result) => results.push(result),
            Err(Failure::NotRecorded) => {}
            Err(Failure::Study(error)) => return Err(error),
        }
    }
    Ok(results)
}

/// A rule that cannot be applied.
pub(crate) enum Failure {
    /// The errors of single windows are not known.
    NotRecorded,
    Study(StudyError),
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        Self::Study(error)
    }
}

/// The models of one seed.
pub(crate) struct Candidates<'a> {
    pub(crate) context: &'a StudyContext<'a>,
    pub(crate) seed: u64,
}

impl Candidates<'_> {
    /// The evaluation after a plan without fine-tuning.
    pub(crate) fn cut(&self, plan: &Plan) -> Task {
        Task::Cut {
            of: self.context.dense(self.seed),
            removal: self.context.removal(subset(self.context, plan)),
        }
    }

    /// The fine-tuning after a plan.
    pub(crate) fn tuned(&self, plan: &Plan) -> Task {
        Task::Train(self.context.tuned(self.seed, subset(self.context, plan)))
    }
}

impl CandidateEvaluator for Candidates<'_> {
    type Error = Failure;

    fn macs(&self, plan: &Plan) -> Result<u64, Failure> {
        let recipe = self.context.tuned(self.seed, subset(self.context, plan));
        Ok(recipe.cost().map_err(StudyError::from)?.macs)
    }

    async fn screen(&mut self, plan: &Plan) -> Result<f64, Failure> {
        Ok(errors_of(self.context.runner, self.cut(plan))?.val)
    }

    async fn losses(&mut self, plan: &Plan) -> Result<Vec<f64>, Failure> {
        let gone = subset(self.context, plan);
        let known = self.context.val_windows(self.seed, gone)?;
        known.ok_or(Failure::NotRecorded)
    }
}

/// The plan of a rule for one seed.
fn plan(
    context: &StudyContext<'_>,
    rule: &AdaptiveRule,
    seed: u64,
    scores: Vec<Score>,
) -> Result<Plan, Failure> {
    let found = if rule.select.is_elimination() {
        let evaluate = async |plan: &Plan| -> Result<f64, Failure> {
            let tuned = context.tuned(seed, subset(context, plan));
            Ok(context.errors(tuned)?.val)
        };
        pollster::block_on(eliminate("send", scores, rule, &[], evaluate))
    } else {
        // Classifiers have no windows, so nothing is fine-tuned in vain.
        let Ok(forecasting) = context.forecasting() else {
            return Err(Failure::NotRecorded);
        };
        let horizon = forecasting.dense.forecaster.horizon();
        let mut candidates = Candidates { context, seed };
        pollster::block_on(select(
            "send",
            scores,
            rule.select,
            &[],
            horizon,
            &mut candidates,
        ))
    };
    found.map_err(|error| match error {
        AdaptiveError::Evaluate(error) => error,
        AdaptiveError::Plan(error) => Failure::Study(error.into()),
    })
}

fn result(
    context: &StudyContext<'_>,
    rule: &Rule,
    fixed: &[(u64, Vec<f64>)],
) -> Result<AdaptiveResult, Failure> {
    let mut counts = Vec::new();
    let mut tests = Vec::new();
    let mut trainings = Vec::new();
    let mut regrets = Vec::new();
    for (seed, of_fixed) in fixed {
        let scores = context.send(*seed, context.terms.send)?;
        let plan = plan(context, &rule.rule, *seed, scores)?;
        let test = context.test(*seed, subset(context, &plan))?;
        counts.push(plan.removed.len());
        // One trial is the dense model, which every study fine-tunes anyway.
        let trials = plan.search.map_or(0, |search| search.cost());
        trainings.push(trials.saturating_sub(1) as f64);
        regrets.push(above_best(test, of_fixed.iter().copied()));
        tests.push(test);
    }
    let against_fixed = (0..=context.count_modules()).map(|count| {
        let theirs: Vec<f64> = fixed.iter().map(|(_, tests)| tests[count]).collect();
        (count, paired(&tests, &theirs))
    });
    Ok(AdaptiveResult {
        rule: rule.name.to_owned(),
        title: rule.title.to_owned(),
        counts,
        against_fixed: against_fixed.collect(),
        test: Spread::of(tests),
        trainings: Spread::of(trainings),
        regret: Spread::of(regrets),
    })
}

/// The modules that a plan removes.
pub(crate) fn subset(context: &StudyContext<'_>, plan: &Plan) -> Subset {
    (0..context.count_modules())
        .filter(|&place| plan.removed.contains(&context.modules[place]))
        .collect()
}
