//! Removal of one module at a time, with new scores after each fine-tuning, compared with one-shot removal.

use spat_spec::{IterativePoint, Schedule, Scorer, TrainingConfig};

use crate::compare::paired;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::{Subset, lowest, values};
use crate::task::{Recipe, Removal};

/// Both ways have the same number of fine-tuning epochs at a constant rate, and both score the finished
/// model in a separate pass, so that they differ in the order of work only.
pub(crate) fn compare(context: &StudyContext<'_>) -> Result<Vec<IterativePoint>, StudyError> {
    if context.count_modules() < 3 {
        // With one of two modules, the two ways are the same.
        return Ok(Vec::new());
    }
    let count = context.count().max(2);
    let finetune = &context.forecasting()?.study.base.finetune;
    let epochs = finetune.epochs.max(count);
    let tasks: Vec<_> = context
        .seeds()
        .map(|seed| context.score_task(context.dense(seed), Scorer::Send, context.terms.send))
        .collect();
    context.runner.ask(&tasks)?;

    let mut at_once = Vec::new();
    let mut stages: Vec<(u64, Recipe, Subset)> = Vec::new();
    for seed in context.seeds() {
        let gone = lowest(
            &values(&context.scored(context.dense(seed), Scorer::Send, context.terms.send)?),
            count,
        );
        let recipe = Recipe::Tuned {
            from: Box::new(context.dense(seed)),
            removal: context.removal(gone),
            training: constant(finetune, epochs),
            seed,
        };
        at_once.push((recipe, gone));
        stages.push((seed, context.dense(seed), Subset::NONE));
    }
    context.train(at_once.iter().map(|(recipe, _)| recipe.clone()))?;

    for stage in 0..count {
        let tasks: Vec<_> = stages
            .iter()
            .map(|(_, recipe, _)| {
                context.score_task(recipe.clone(), Scorer::Send, context.terms.send)
            })
            .collect();
        context.runner.ask(&tasks)?;
        for (seed, recipe, gone) in &mut stages {
            let scores = context.scored(recipe.clone(), Scorer::Send, context.terms.send)?;
            let active: Vec<usize> = (0..context.count_modules())
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
                removal: Removal::modules(vec![context.modules[module].clone()]),
                training: constant(finetune, share),
                // A different order of windows in each stage, as in one long training.
                seed: seed.wrapping_add(stage as u64 * 1_000_003),
            };
        }
        let recipes: Vec<Recipe> = stages.iter().map(|(_, recipe, _)| recipe.clone()).collect();
        if stage + 1 < count {
            context.runner.ask_models(&recipes)?;
        } else {
            context.train(recipes)?;
        }
    }

    let mut recipes = at_once.iter().map(|(recipe, _)| recipe.clone());
    let one_shot = context.over_seeds(|_| match recipes.next() {
        Some(recipe) => Ok(context.errors(recipe)?.test),
        None => Err(StudyError::Mismatch("a seed is missing".to_owned())),
    })?;
    let mut recipes = stages.iter().map(|(_, recipe, _)| recipe.clone());
    let iterative = context.over_seeds(|_| match recipes.next() {
        Some(recipe) => Ok(context.errors(recipe)?.test),
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
