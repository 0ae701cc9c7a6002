//! Single heads compared with whole modules at equal multiply–accumulates.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_spec::{AttentionSite, Granularity, HeadPoint, Plan, PruneRule, Score, Spread};

use crate::compare::paired;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::{Subset, lowest, values};
use crate::task::Removal;

/// Number of random orders of heads per seed.
const RANDOM: usize = 3;

/// Removes modules at the study's ratio, and as many heads as save the same MACs.
pub(crate) fn compare(context: &StudyContext<'_>) -> Result<Vec<HeadPoint>, StudyError> {
    let of = context.forecasting()?;
    // A head of a module with several maps saves MACs in each, unlike a head of another module.
    let sites = of.dense.forecaster.sites();
    let is_comparable = |site: &AttentionSite| site.maps.len() == 1 && site.indivisible.is_none();
    if !sites.iter().all(is_comparable) {
        return Ok(Vec::new());
    }
    let modules = context.count();
    let rule = PruneRule {
        ratio: modules as f64 / context.count_modules() as f64,
        granularity: Granularity::HeadsAtEqualMacs,
        ..PruneRule::default()
    };
    let heads_of = |scores: Vec<Score>| -> Result<Removal, StudyError> {
        let plan = Plan::decide("send", scores, &rule, &of.dense)?;
        Ok(Removal {
            modules: plan.removed,
            heads: plan.removed_heads,
        })
    };
    let mut by_module = Vec::new();
    let mut by_head = Vec::new();
    let mut by_random = Vec::new();
    for seed in context.seeds() {
        let scores = context.send(seed, context.terms.send)?;
        by_module.push((seed, lowest(&values(&scores), modules)));
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x4845_4144);
        let mut draws = Vec::new();
        for _ in 0..RANDOM {
            let mut drawn = scores.clone();
            for head in drawn.iter_mut().flat_map(|score| &mut score.heads) {
                *head = random.next_u64() as f64;
            }
            draws.push(heads_of(drawn)?);
        }
        by_random.push((seed, draws));
        by_head.push((seed, heads_of(scores)?));
    }
    let draws = single(&by_random);
    let recipes = by_module
        .iter()
        .map(|&(seed, subset)| context.tuned(seed, subset))
        .chain(
            by_head
                .iter()
                .chain(&draws)
                .map(|(seed, removal)| context.tuned_without(*seed, removal.clone())),
        );
    context.train(recipes.collect::<Vec<_>>())?;

    let test = |seed: u64, removal: &Removal| -> Result<f64, StudyError> {
        Ok(context
            .errors(context.tuned_without(seed, removal.clone()))?
            .test)
    };
    let module_test = spread(
        by_module
            .iter()
            .map(|&(seed, gone)| context.test(seed, gone)),
    )?;
    let head_test = spread(by_head.iter().map(|(seed, removal)| test(*seed, removal)))?;
    let random_test = spread(by_random.iter().map(|(seed, removals)| {
        Ok(spread(removals.iter().map(|removal| test(*seed, removal)))?.mean)
    }))?;
    let macs = spread(
        by_head
            .iter()
            .map(|(_, removal)| Ok(removal.from(of.dense.clone())?.cost().macs as f64)),
    )?;
    let first = by_module.first().map_or(Subset::NONE, |(_, gone)| *gone);
    let gone = by_head.iter().map(|(_, removal)| {
        let single: usize = removal
            .heads
            .iter()
            .map(|removal| removal.heads.len())
            .sum();
        let whole = removal.modules.iter();
        let whole = whole.filter_map(|module| of.dense.dense_heads(module).ok());
        (single + whole.sum::<usize>()) as f64
    });
    Ok(vec![HeadPoint {
        modules,
        heads: Spread::of(gone.collect()).mean.round() as usize,
        module_macs: context.removal(first).from(of.dense.clone())?.cost().macs,
        head_macs: macs.mean,
        paired: paired(&head_test.values, &module_test.values),
        by_module: module_test,
        by_head: head_test,
        by_random_head: random_test,
        whole: by_head
            .iter()
            .map(|(_, removal)| removal.modules.len())
            .collect(),
        removed: by_head
            .into_iter()
            .map(|(_, removal)| removal.heads)
            .collect(),
    }])
}

fn single(by_random: &[(u64, Vec<Removal>)]) -> Vec<(u64, Removal)> {
    let each = by_random
        .iter()
        .flat_map(|(seed, removals)| removals.iter().map(|removal| (*seed, removal.clone())));
    each.collect()
}

fn spread(each: impl Iterator<Item = Result<f64, StudyError>>) -> Result<Spread, StudyError> {
    each.collect::<Result<Vec<f64>, _>>().map(Spread::of)
}
