//! Every number of removed modules, with the controls that a gain must exceed.

use spat_spec::{Spread, SweepPoint};

use crate::compare::paired;
use crate::context::{StudyContext, errors_of};
use crate::error::StudyError;
use crate::subsets::{Subset, lowest, pareto};
use crate::task::Task;

/// Up to this many modules every number is tried; for more, quarters.
const EVERY: usize = 8;

fn counts(layers: usize) -> Vec<usize> {
    if layers <= EVERY {
        return (0..=layers).collect();
    }
    let mut counts: Vec<usize> = (0..=4).map(|quarter| layers * quarter / 4).collect();
    counts.dedup();
    counts
}

/// Modules removed by SEND in one shot.
pub(crate) fn sweep(context: &StudyContext<'_>) -> Result<Vec<SweepPoint>, StudyError> {
    let mut scores = Vec::new();
    for seed in context.seeds() {
        scores.push((seed, context.send_values(seed)?));
    }
    let subset = |seed: u64, count: usize| {
        let of_seed = scores.iter().find(|(known, _)| *known == seed);
        of_seed.map_or(Subset::NONE, |(_, scores)| lowest(scores, count))
    };
    let counts = counts(context.count_modules());
    let scratch =
        |count: usize| count > 0 && (context.terms.scratch_everywhere || count == context.count());
    let mut tasks = Vec::new();
    for &count in &counts {
        for seed in context.seeds() {
            let gone = subset(seed, count);
            tasks.push(Task::Train(context.tuned(seed, gone)));
            tasks.push(cut(context, seed, gone));
            if scratch(count) {
                tasks.push(Task::Train(context.scratch(seed, gone)));
            }
        }
    }
    context.runner.ask(&tasks)?;

    let control = context.over_seeds(|seed| context.test(seed, Subset::NONE))?;
    let mut points = Vec::new();
    for &count in &counts {
        let tuned = context.error_spread(|seed| Ok(context.tuned(seed, subset(seed, count))))?;
        let cut_test = context.over_seeds(|seed| {
            Ok(errors_of(context.runner, cut(context, seed, subset(seed, count)))?.test)
        })?;
        let scratch_test: Option<Spread> = if scratch(count) {
            Some(context.over_seeds(|seed| {
                Ok(context
                    .errors(context.scratch(seed, subset(seed, count)))?
                    .test)
            })?)
        } else {
            None
        };
        points.push(SweepPoint {
            count,
            against_dense_finetuned: paired(&tuned.test.values, &control.values),
            against_scratch: scratch_test
                .as_ref()
                .map(|scratch| paired(&tuned.test.values, &scratch.values)),
            cut_test,
            scratch_test,
            tuned,
            on_front: false,
        });
    }
    let costs: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (point.tuned.macs as f64, point.tuned.test.mean))
        .collect();
    for (point, on_front) in points.iter_mut().zip(pareto(&costs)) {
        point.on_front = on_front;
    }
    Ok(points)
}

fn cut(context: &StudyContext<'_>, seed: u64, gone: Subset) -> Task {
    Task::Cut {
        of: context.dense(seed),
        removal: context.removal(gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_modules_have_every_number_and_many_have_quarters() {
        assert_eq!(counts(2), [0, 1, 2]);
        assert_eq!(counts(12), [0, 3, 6, 9, 12]);
    }
}
