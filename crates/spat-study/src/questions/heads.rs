//! Heads against whole modules at the same number of multiply–accumulates.

use rand::SeedableRng as _;
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_spec::{HeadPoint, HeadRemoval, ModuleId, Spread};

use crate::compare::paired;
use crate::error::StudyError;
use crate::site::Site;
use crate::subsets::{Subset, drawn, lowest, values};
use crate::task::Removal;

/// Random choices of heads per seed.
const RANDOM: usize = 3;

/// As many heads as the modules have that go at the study's ratio.
pub(crate) fn compare(site: &Site<'_>) -> Result<Vec<HeadPoint>, StudyError> {
    let heads = site.study.base.forecaster.heads();
    let modules = site.count();
    let gone = modules * heads;
    let mut by_module = Vec::new();
    let mut by_head: Vec<(u64, Removal)> = Vec::new();
    let mut by_random: Vec<(u64, Vec<Removal>)> = Vec::new();
    for seed in site.seeds() {
        let scores = site.send(seed, site.study.send())?;
        by_module.push((seed, lowest(&values(&scores), modules)));
        let each: Vec<f64> = scores
            .iter()
            .flat_map(|score| score.heads.clone())
            .collect();
        by_head.push((
            seed,
            removal(&site.modules, heads, &lowest_places(&each, gone)),
        ));
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x4845_4144);
        let choices = (0..RANDOM).map(|_| {
            let places = drawn(&mut random, heads * site.layers(), gone);
            removal(&site.modules, heads, &places)
        });
        by_random.push((seed, choices.collect()));
    }
    let recipes = by_module
        .iter()
        .map(|&(seed, subset)| site.tuned(seed, subset))
        .chain(
            by_head
                .iter()
                .map(|(seed, removal)| site.tuned_without(*seed, removal.clone())),
        )
        .chain(by_random.iter().flat_map(|(seed, removals)| {
            removals
                .iter()
                .map(|removal| site.tuned_without(*seed, removal.clone()))
        }));
    site.train(recipes.collect::<Vec<_>>())?;

    let module_test = tests(
        by_module
            .iter()
            .map(|&(seed, subset)| site.test(seed, subset)),
    )?;
    let head_test = tests(by_head.iter().map(|(seed, removal)| {
        Ok(site
            .errors(site.tuned_without(*seed, removal.clone()))?
            .test)
    }))?;
    let random_test = tests(by_random.iter().map(|(seed, removals)| {
        let each = removals.iter().map(|removal| {
            Ok(site
                .errors(site.tuned_without(*seed, removal.clone()))?
                .test)
        });
        Ok(tests(each)?.mean)
    }))?;
    let macs = by_head
        .iter()
        .map(|(_, removal)| Ok(removal.from(site.dense.clone())?.cost().macs as f64))
        .collect::<Result<Vec<f64>, StudyError>>()?;
    let first = by_module
        .first()
        .map_or(Subset::NONE, |(_, subset)| *subset);
    Ok(vec![HeadPoint {
        modules,
        heads: gone,
        module_macs: site.structure(first)?.cost().macs,
        head_macs: Spread::of(macs).mean,
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

fn tests(each: impl Iterator<Item = Result<f64, StudyError>>) -> Result<Spread, StudyError> {
    each.collect::<Result<Vec<f64>, _>>().map(Spread::of)
}

/// Places of the `count` lowest, ascending; of equal ones the later go first.
fn lowest_places(scores: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(b.cmp(&a)));
    order.truncate(count);
    order.sort_unstable();
    order
}

/// Heads by their place over all modules; a module that loses all of them goes whole.
fn removal(modules: &[ModuleId], heads: usize, places: &[usize]) -> Removal {
    let mut removal = Removal::default();
    for (number, module) in modules.iter().enumerate() {
        let own: Vec<usize> = places
            .iter()
            .filter(|&&place| place / heads == number)
            .map(|place| place % heads)
            .collect();
        if own.len() == heads {
            removal.modules.push(module.clone());
        } else if !own.is_empty() {
            removal.heads.push(HeadRemoval {
                module: module.clone(),
                heads: own,
            });
        }
    }
    removal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_heads_go_and_an_emptied_module_goes_whole() {
        let modules: Vec<_> = (0..3).map(ModuleId::encoder).collect();
        let scores = [0.5, 0.1, 0.2, 0.2, 0.9, 0.3];
        let places = lowest_places(&scores, 4);
        assert_eq!(places, [1, 2, 3, 5]);
        let removal = removal(&modules, 2, &places);
        assert_eq!(removal.modules, [ModuleId::encoder(1)]);
        let left: Vec<_> = removal
            .heads
            .iter()
            .map(|r| (r.module.clone(), r.heads.clone()))
            .collect();
        assert_eq!(
            left,
            [
                (ModuleId::encoder(0), vec![1]),
                (ModuleId::encoder(2), vec![1])
            ]
        );
    }
}
