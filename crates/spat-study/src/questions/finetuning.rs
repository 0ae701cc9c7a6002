//! Ways of fine-tuning the dense and the pruned model, compared with that of the study.

use spat_spec::{
    FinetunedErrors, FinetuningResult, Schedule, Spread, TrainingConfig, WeightAveraging,
    percent_change,
};

use crate::compare::paired;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::{Subset, lowest};
use crate::task::{Outcome, Recipe, Task};

/// Validations per epoch of the ways with early stopping within an epoch, which stops after one epoch without gain.
const VALIDATIONS: usize = 4;

struct Way {
    name: &'static str,
    title: &'static str,
    training: TrainingConfig,
}

/// The study's own way first; the others differ from it in what their titles state.
fn ways(own: &TrainingConfig) -> Vec<Way> {
    let way = |name, title, training| Way {
        name,
        title,
        training,
    };
    let own = || own.clone();
    let at_rate = |share: f64, training: TrainingConfig| TrainingConfig {
        learning_rate: share * training.learning_rate,
        ..training
    };
    let stopped = |training: TrainingConfig| TrainingConfig {
        validations: VALIDATIONS,
        patience: Some(VALIDATIONS),
        ..training
    };
    let together = || TrainingConfig {
        averaging: WeightAveraging::EMA,
        keep_start: true,
        ..stopped(own())
    };
    vec![
        way("as studied", "as the study fine-tunes", own()),
        way(
            "start",
            "the weights before the first step are a candidate",
            TrainingConfig {
                keep_start: true,
                ..own()
            },
        ),
        way(
            "moving average",
            "a moving average over the steps is a candidate",
            TrainingConfig {
                averaging: WeightAveraging::EMA,
                ..own()
            },
        ),
        way(
            "mean of epochs",
            "the mean of the epochs' weights is a candidate",
            TrainingConfig {
                averaging: WeightAveraging::Epochs,
                ..own()
            },
        ),
        way(
            "mean of epochs, start",
            "both are candidates: the default without published settings",
            TrainingConfig {
                averaging: WeightAveraging::Epochs,
                keep_start: true,
                ..own()
            },
        ),
        way(
            "validations",
            "four validations per epoch, early stopping at each",
            stopped(own()),
        ),
        way("half rate", "half the learning rate", at_rate(0.5, own())),
        way(
            "tenth of the rate",
            "a tenth of the learning rate",
            at_rate(0.1, own()),
        ),
        way(
            "cosine",
            "the learning rate falls to 0 along a cosine",
            TrainingConfig {
                schedule: Schedule::Cosine,
                ..own()
            },
        ),
        way(
            "together",
            "start, moving average and four validations",
            together(),
        ),
        way(
            "together, half rate",
            "start, moving average and four validations at half the learning rate",
            at_rate(0.5, together()),
        ),
        way(
            "together, tenth of the rate",
            "start, moving average and four validations at a tenth of the learning rate",
            at_rate(0.1, together()),
        ),
    ]
}

/// Fine-tunes every seed's dense model, and the one without the modules with the lowest SEND, in every way.
pub(crate) fn compare(context: &StudyContext<'_>) -> Result<Vec<FinetuningResult>, StudyError> {
    let own = &context.forecasting()?.study.base.finetune;
    let ways = ways(own);
    let mut removed = Vec::new();
    for seed in context.seeds() {
        let pruned = lowest(&context.send_values(seed)?, context.count());
        removed.push((seed, pruned));
    }
    let recipe = |seed: u64, subset: Subset, way: &Way| Recipe::Tuned {
        from: Box::new(context.dense(seed)),
        removal: context.removal(subset),
        training: way.training.clone(),
        seed,
    };
    let all = ways.iter().flat_map(|way| {
        removed.iter().flat_map(move |&(seed, pruned)| {
            [Subset::NONE, pruned].map(|subset| recipe(seed, subset, way))
        })
    });
    context.train(all.collect::<Vec<_>>())?;

    let mut dense = Vec::new();
    for seed in context.seeds() {
        dense.push(context.errors(context.dense(seed))?.test);
    }
    let none: Vec<(u64, Subset)> = context.seeds().map(|seed| (seed, Subset::NONE)).collect();
    let of_way = |way: &Way, subsets: &[(u64, Subset)]| {
        let each = subsets.iter();
        each.map(|&(seed, subset)| measured(context, recipe(seed, subset, way)))
            .collect::<Result<Vec<_>, _>>()
    };
    let own = [of_way(&ways[0], &none)?, of_way(&ways[0], &removed)?];
    let mut results = Vec::new();
    for way in &ways {
        results.push(FinetuningResult {
            name: way.name.to_owned(),
            title: way.title.to_owned(),
            dense: errors(&of_way(way, &none)?, &own[0], &dense),
            pruned: errors(&of_way(way, &removed)?, &own[1], &dense),
        });
    }
    Ok(results)
}

/// One fine-tuned model.
struct Measured {
    val: f64,
    test: f64,
    epochs: f64,
}

fn measured(context: &StudyContext<'_>, recipe: Recipe) -> Result<Measured, StudyError> {
    match context.runner.ask(&[Task::Train(recipe)])?.pop() {
        Some(Outcome::Trained { errors, epochs, .. }) => Ok(Measured {
            val: errors.val,
            test: errors.test,
            epochs: epochs as f64,
        }),
        _ => Err(StudyError::Mismatch("a task trained nothing".to_owned())),
    }
}

/// Each list has one entry per seed.
fn errors(models: &[Measured], own: &[Measured], dense: &[f64]) -> FinetunedErrors {
    let of = |list: &[Measured], figure: fn(&Measured) -> f64| -> Vec<f64> {
        list.iter().map(figure).collect()
    };
    let against = |figure: fn(&Measured) -> f64| paired(&of(models, figure), &of(own, figure));
    let percent = models.iter().zip(dense);
    FinetunedErrors {
        val: Spread::of(of(models, |model| model.val)),
        test: Spread::of(of(models, |model| model.test)),
        epochs: Spread::of(of(models, |model| model.epochs)),
        percent_to_dense: percent
            .map(|(model, &dense)| percent_change(dense, model.test))
            .collect(),
        val_against_own: against(|model| model.val),
        test_against_own: against(|model| model.test),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_valid_and_differs_from_the_others() {
        let ways = ways(&TrainingConfig::default());
        assert_eq!(ways[0].training, TrainingConfig::default());
        for (place, way) in ways.iter().enumerate() {
            way.training.check().unwrap();
            let before = &ways[..place];
            assert!(before.iter().all(|other| other.name != way.name));
            assert!(before.iter().all(|other| other.training != way.training));
        }
    }

    /// 1.1 and 0.9 against dense errors of 1: +10 % and −10 %; 0.1 below the own ones each.
    #[test]
    fn errors_are_compared_seed_by_seed() {
        let model = |test: f64| Measured {
            val: 2.0 * test,
            test,
            epochs: 3.0,
        };
        let found = errors(
            &[model(1.1), model(0.9)],
            &[model(1.2), model(1.0)],
            &[1.0, 1.0],
        );
        let percent = &found.percent_to_dense.values;
        assert!((percent[0] - 10.0).abs() < 1e-9 && (percent[1] + 10.0).abs() < 1e-9);
        assert!((found.test_against_own.difference + 0.1).abs() < 1e-9);
        assert!((found.val_against_own.difference + 0.2).abs() < 1e-9);
        assert_eq!(found.epochs.mean, 3.0);
    }
}
