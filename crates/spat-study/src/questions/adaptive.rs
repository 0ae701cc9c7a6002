//! Rules that choose the number of modules, compared with every fixed number.

use spat_prune::adaptive::{AdaptiveError, AdaptiveRule, Otherwise, eliminate};
use spat_spec::{AdaptiveResult, Plan, Spread};

use crate::compare::paired;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::{Subset, above_best, lowest};

struct Rule {
    name: &'static str,
    title: &'static str,
    rule: AdaptiveRule,
}

fn rules() -> Vec<Rule> {
    let guarded = |stable, otherwise| AdaptiveRule {
        stable,
        otherwise,
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
    ]
}

/// Applies each rule to each seed; validation errors are those of fine-tuned models.
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
    rules()
        .into_iter()
        .map(|rule| result(context, &rule, &fixed))
        .collect()
}

fn result(
    context: &StudyContext<'_>,
    rule: &Rule,
    fixed: &[(u64, Vec<f64>)],
) -> Result<AdaptiveResult, StudyError> {
    let mut counts = Vec::new();
    let mut tests = Vec::new();
    let mut trainings = Vec::new();
    let mut regrets = Vec::new();
    for (seed, of_fixed) in fixed {
        let scores = context.send(*seed, context.terms.send)?;
        let evaluate = async |plan: &Plan| -> Result<f64, StudyError> {
            Ok(context
                .errors(context.tuned(*seed, subset(context, plan)))?
                .val)
        };
        let search = pollster::block_on(eliminate("send", scores, &rule.rule, &[], evaluate));
        let plan = search.map_err(|error| match error {
            AdaptiveError::Evaluate(error) => error,
            AdaptiveError::Plan(error) => error.into(),
        })?;
        let test = context.test(*seed, subset(context, &plan))?;
        counts.push(plan.removed.len());
        // The first trial is the dense model, which every study fine-tunes anyway.
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

fn subset(context: &StudyContext<'_>, plan: &Plan) -> Subset {
    (0..context.count_modules())
        .filter(|&place| plan.removed.contains(&context.modules[place]))
        .collect()
}
