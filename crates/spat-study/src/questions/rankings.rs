//! Rankings by SEND, its variants and the baseline scorers, and the errors that they lead to.

use rand::SeedableRng as _;
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_spec::{DepthReport, Pick, RandomPick, RankingReport, Scorer, SendOptions, Spread};

use crate::compare::{paired, tau};
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::{Subset, above_best, drawn, lowest, values};
use crate::variants::variants;

/// A way of ranking modules: a scorer with its options.
#[derive(Debug, Clone)]
pub(crate) struct RankingMethod {
    pub(crate) name: String,
    pub(crate) title: String,
    source: Source,
}

impl RankingMethod {
    /// Whether it is SEND with some options.
    pub(crate) fn is_send(&self) -> bool {
        matches!(self.source, Source::Send(_))
    }
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Send(SendOptions),
    Scorer(Scorer),
}

/// SEND with the study's options, then the baseline scorers except the random order.
pub(crate) fn baseline_scorers(context: &StudyContext<'_>) -> Vec<RankingMethod> {
    let method = |scorer: Scorer, source| RankingMethod {
        name: scorer.name().to_owned(),
        title: scorer.title().to_owned(),
        source,
    };
    let send = method(Scorer::Send, Source::Send(context.terms.send));
    let others = context
        .terms
        .scorers
        .iter()
        .filter(|scorer| !matches!(scorer, Scorer::Send | Scorer::Random))
        .map(|&scorer| method(scorer, Source::Scorer(scorer)));
    std::iter::once(send).chain(others).collect()
}

/// SEND with each of its options varied, the study's own options first.
pub(crate) fn options(context: &StudyContext<'_>) -> Vec<RankingMethod> {
    let variants = variants(context.terms.send).into_iter();
    variants
        .map(|variant| RankingMethod {
            name: variant.name.to_owned(),
            title: variant.title.to_owned(),
            source: Source::Send(variant.options),
        })
        .collect()
}

/// Numbers of modules at which rankings are compared: all that leave a choice if every subset is trained,
/// otherwise that of the study's ratio.
fn counts(context: &StudyContext<'_>, oracle: bool) -> Vec<usize> {
    if oracle {
        (1..context.count_modules()).collect()
    } else {
        vec![context.count()]
    }
}

/// Applies each method's ranking; the others are compared with the first.
pub(crate) fn rank(
    context: &StudyContext<'_>,
    methods: &[RankingMethod],
    depth: &DepthReport,
) -> Result<Vec<RankingReport>, StudyError> {
    let oracle = !depth.subsets.is_empty();
    let counts = counts(context, oracle);
    context.runner.ask(&score_tasks(context, methods))?;
    // method → seed → module
    let mut scores: Vec<Vec<Vec<f64>>> = Vec::new();
    for method in methods {
        let of_seed = |seed| scores_of(context, method, seed);
        scores.push(context.seeds().map(of_seed).collect::<Result<_, _>>()?);
    }
    let pairs = scores.iter().flat_map(|of_method| {
        context.seeds().zip(of_method).flat_map(|(seed, scores)| {
            counts
                .iter()
                .map(move |&count| (seed, lowest(scores, count)))
        })
    });
    context.tune(pairs.collect::<Vec<_>>())?;

    let mut reports: Vec<RankingReport> = Vec::new();
    for (method, of_method) in methods.iter().zip(&scores) {
        let mut picks = Vec::new();
        for &count in &counts {
            picks.push(pick(context, of_method, count, depth)?);
        }
        let total = oracle
            .then(|| mean_regret(&picks, context.terms.seeds.len()))
            .flatten();
        let modules = 0..context.count_modules();
        reports.push(RankingReport {
            name: method.name.clone(),
            title: method.title.clone(),
            scores: modules
                .map(|module| of_method.iter().map(|scores| scores[module]).collect())
                .collect(),
            tau_val: tau_with(of_method, &depth.single_val),
            tau_test: tau_with(of_method, &depth.single_test),
            tau_send: (!reports.is_empty() && context.count_modules() > 1).then(|| {
                let pairs = of_method.iter().zip(&scores[0]);
                pairs.map(|(one, send)| tau(one, send)).collect()
            }),
            against_send: match (&total, reports.first()) {
                (Some(mine), Some(send)) => send
                    .regret
                    .as_ref()
                    .map(|send| paired(&mine.values, &send.values)),
                _ => None,
            },
            regret: total,
            picks,
        });
    }
    Ok(reports)
}

/// The scoring passes that the methods need after training.
pub(crate) fn score_tasks(
    context: &StudyContext<'_>,
    methods: &[RankingMethod],
) -> Vec<crate::task::Task> {
    let mut tasks = Vec::new();
    for method in methods {
        for seed in context.seeds() {
            match method.source {
                Source::Scorer(scorer) => {
                    tasks.push(context.score_task(context.dense(seed), scorer, context.terms.send));
                }
                Source::Send(options) if options.when == spat_spec::When::After => {
                    tasks.push(context.score_task(context.dense(seed), Scorer::Send, options));
                }
                // Recorded during the training of the dense model.
                Source::Send(_) => {}
            }
        }
    }
    tasks
}

/// A method's score of each module that can be removed, from input to output.
pub(crate) fn scores_of(
    context: &StudyContext<'_>,
    method: &RankingMethod,
    seed: u64,
) -> Result<Vec<f64>, StudyError> {
    let scores = match method.source {
        Source::Send(options) => context.send(seed, options)?,
        Source::Scorer(scorer) => {
            context.scored(context.dense(seed), scorer, context.terms.send)?
        }
    };
    if scores.len() != context.count_modules() {
        return Err(StudyError::Mismatch(format!(
            "{} scored {} of {} modules",
            method.name,
            scores.len(),
            context.count_modules()
        )));
    }
    Ok(values(&scores))
}

fn pick(
    context: &StudyContext<'_>,
    scores: &[Vec<f64>],
    count: usize,
    depth: &DepthReport,
) -> Result<Pick, StudyError> {
    let chosen: Vec<Subset> = scores.iter().map(|scores| lowest(scores, count)).collect();
    let tests: Spread = context
        .seeds()
        .zip(&chosen)
        .map(|(seed, &subset)| context.test(seed, subset))
        .collect::<Result<Vec<f64>, _>>()?
        .into_iter()
        .collect();
    let regret = (!depth.subsets.is_empty()).then(|| {
        let each = tests.values.iter().enumerate();
        each.map(|(place, &test)| above_best(test, of_size(depth, count, place)))
            .collect()
    });
    Ok(Pick {
        count,
        removed: chosen.into_iter().map(Subset::places).collect(),
        test: tests,
        regret,
    })
}

/// Test errors of all subsets of a size, of the seed with index `place`.
fn of_size(depth: &DepthReport, count: usize, place: usize) -> impl Iterator<Item = f64> + '_ {
    depth
        .subsets
        .iter()
        .filter(move |subset| subset.removed.len() == count)
        .map(move |subset| subset.test.values[place])
}

/// Mean over the numbers of modules, per seed.
fn mean_regret(picks: &[Pick], seeds: usize) -> Option<Spread> {
    let regrets: Vec<&Spread> = picks
        .iter()
        .filter_map(|pick| pick.regret.as_ref())
        .collect();
    if regrets.is_empty() {
        return None;
    }
    let of_seed = |seed: usize| {
        let sum: f64 = regrets.iter().map(|regret| regret.values[seed]).sum();
        sum / regrets.len() as f64
    };
    Some((0..seeds).map(of_seed).collect())
}

fn tau_with(scores: &[Vec<f64>], harms: &[Spread]) -> Option<Spread> {
    if harms.len() < 2 {
        return None;
    }
    let of_seed = scores.iter().enumerate().map(|(place, scores)| {
        let harms: Vec<f64> = harms.iter().map(|harm| harm.values[place]).collect();
        tau(scores, &harms)
    });
    Some(of_seed.collect())
}

/// The result of random choices: the mean over all subsets if all are known, otherwise over draws.
pub(crate) fn random(
    context: &StudyContext<'_>,
    depth: &DepthReport,
) -> Result<Vec<RandomPick>, StudyError> {
    let oracle = !depth.subsets.is_empty();
    let mut picks = Vec::new();
    for count in counts(context, oracle) {
        let of_seed = |seed: u64| -> Vec<Subset> {
            if oracle {
                return Subset::all(context.count_modules())
                    .filter(|subset| subset.len() == count)
                    .collect();
            }
            draws(context.count_modules(), count, context.terms.draws, seed)
        };
        context.tune(
            context
                .seeds()
                .flat_map(|seed| of_seed(seed).into_iter().map(move |s| (seed, s))),
        )?;
        let mut between = Vec::new();
        let mut regrets = Vec::new();
        let mut known = 0;
        let mut place = 0;
        let test = context.over_seeds(|seed| {
            let chosen = of_seed(seed);
            known = chosen.len();
            let tests = chosen.into_iter().map(|subset| context.test(seed, subset));
            let tests = Spread::of(tests.collect::<Result<_, _>>()?);
            between.push(tests.sd);
            if oracle {
                regrets.push(above_best(tests.mean, of_size(depth, count, place)));
            }
            place += 1;
            Ok(tests.mean)
        })?;
        picks.push(RandomPick {
            count,
            draws: known,
            exhaustive: oracle,
            test,
            between: Spread::of(between).mean,
            regret: oracle.then(|| Spread::of(regrets)),
        });
    }
    Ok(picks)
}

/// `draws` random choices of `count` out of `modules`; repetitions are possible.
fn draws(modules: usize, count: usize, draws: usize, seed: u64) -> Vec<Subset> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ (count as u64) << 32);
    (0..draws)
        .map(|_| drawn(&mut random, modules, count).into_iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_their_size_and_depend_on_the_seed_alone() {
        let one = draws(8, 3, 20, 1);
        assert_eq!(one, draws(8, 3, 20, 1));
        assert_ne!(one, draws(8, 3, 20, 2));
        assert!(one.iter().all(|subset| subset.len() == 3 && subset.0 < 256));
    }

    #[test]
    fn the_mean_regret_is_over_numbers_of_modules_seed_by_seed() {
        let pick = |values: [f64; 2]| Pick {
            count: 1,
            removed: Vec::new(),
            test: Spread::of(vec![0.0; 2]),
            regret: Some(Spread::of(values.to_vec())),
        };
        let mean = mean_regret(&[pick([0.0, 1.0]), pick([2.0, 3.0])], 2).unwrap();
        assert_eq!(mean.values, [1.0, 2.0]);
    }
}
