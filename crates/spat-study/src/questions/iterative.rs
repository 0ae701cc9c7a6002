//! One module at a time, scored anew after each fine-tuning, against all at once.

use spat_spec::{IterativePoint, Schedule, Scorer, TrainingConfig};

use crate::compare::paired;
use crate::error::StudyError;
use crate::site::Site;
use crate::subsets::{Subset, lowest, values};
use crate::task::{Recipe, Removal};

/// Both ways with equal epochs of fine-tuning at a constant rate, and both scored by a pass over
/// the finished model: only the order of work differs.
pub(crate) fn compare(site: &Site<'_>) -> Result<Vec<IterativePoint>, StudyError> {
    if site.layers() < 3 {
        // One of two modules: the two ways are one.
        return Ok(Vec::new());
    }
    let count = site.count().max(2);
    let finetune = &site.forecasting()?.study.base.finetune;
    let epochs = finetune.epochs.max(count);
    let tasks: Vec<_> = site
        .seeds()
        .map(|seed| site.score_task(site.dense(seed), Scorer::Send, site.terms.send))
        .collect();
    site.runner.ask(&tasks)?;

    let mut at_once = Vec::new();
    let mut stages: Vec<(u64, Recipe, Subset)> = Vec::new();
    for seed in site.seeds() {
        let gone = lowest(
            &values(&site.scored(site.dense(seed), Scorer::Send, site.terms.send)?),
            count,
        );
        let recipe = Recipe::Tuned {
            from: Box::new(site.dense(seed)),
            removal: site.removal(gone),
            training: constant(finetune, epochs),
            seed,
        };
        at_once.push((recipe, gone));
        stages.push((seed, site.dense(seed), Subset::NONE));
    }
    site.train(at_once.iter().map(|(recipe, _)| recipe.clone()))?;

    for stage in 0..count {
        let tasks: Vec<_> = stages
            .iter()
            .map(|(_, recipe, _)| site.score_task(recipe.clone(), Scorer::Send, site.terms.send))
            .collect();
        site.runner.ask(&tasks)?;
        for (seed, recipe, gone) in &mut stages {
            let scores = site.scored(recipe.clone(), Scorer::Send, site.terms.send)?;
            let active: Vec<usize> = (0..site.layers())
                .filter(|module| !gone.places().contains(module))
                .collect();
            let lowest = lowest(&values(&scores), 1).places();
            let Some(&module) = lowest.first().and_then(|&place| active.get(place)) else {
                return Err(StudyError::Mismatch(
                    "no module was left to remove".to_owned(),
                ));
            };
            *gone = gone.places().into_iter().chain([module]).collect();
            let share = epochs / count + usize::from(stage < epochs % count);
            *recipe = Recipe::Tuned {
                from: Box::new(recipe.clone()),
                removal: Removal::modules(vec![site.modules[module].clone()]),
                training: constant(finetune, share),
                // Another order of windows in each stage, as in one long training.
                seed: seed.wrapping_add(stage as u64 * 1_000_003),
            };
        }
        let recipes: Vec<Recipe> = stages.iter().map(|(_, recipe, _)| recipe.clone()).collect();
        if stage + 1 < count {
            site.runner.ask_models(&recipes)?;
        } else {
            site.train(recipes)?;
        }
    }

    let mut recipes = at_once.iter().map(|(recipe, _)| recipe.clone());
    let one_shot = site.over_seeds(|_| match recipes.next() {
        Some(recipe) => Ok(site.errors(recipe)?.test),
        None => Err(StudyError::Mismatch("a seed is missing".to_owned())),
    })?;
    let mut recipes = stages.iter().map(|(_, recipe, _)| recipe.clone());
    let iterative = site.over_seeds(|_| match recipes.next() {
        Some(recipe) => Ok(site.errors(recipe)?.test),
        None => Err(StudyError::Mismatch("a seed is missing".to_owned())),
    })?;
    let pairs = at_once.iter().zip(&stages);
    Ok(vec![IterativePoint {
        count,
        epochs,
        paired: paired(&iterative.values, &one_shot.values),
        same: pairs
            .filter(|((_, once), (_, _, step))| once == step)
            .count(),
        one_shot,
        iterative,
    }])
}

fn constant(finetune: &TrainingConfig, epochs: usize) -> TrainingConfig {
    TrainingConfig {
        epochs,
        schedule: Schedule::Constant,
        ..finetune.clone()
    }
}
