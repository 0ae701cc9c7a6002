//! Stability of the ranking over batches, seeds and epochs.

use spat_series::Part;
use spat_spec::{Scorer, Spread, Stability};

use crate::compare::{interval, tau};
use crate::context::{StudyContext, scoring};
use crate::error::StudyError;
use crate::subsets::{lowest, values};
use crate::task::Task;

/// Number of disjoint groups of batches.
const GROUPS: usize = 6;

/// Kendall's tau of SEND with itself.
pub(crate) fn measure(context: &StudyContext<'_>) -> Result<Option<Stability>, StudyError> {
    if context.count_modules() < 2 {
        return Ok(None);
    }
    let (batches, size) = context.terms.batches;
    let each = batches.div_ceil(GROUPS);
    let task = |seed: u64, group: usize| Task::Score {
        of: context.dense(seed),
        scorer: Scorer::Send,
        options: scoring(context.terms.send),
        part: Part::Train,
        batches: (each, size),
        group: (group, GROUPS),
    };
    let tasks: Vec<Task> = context
        .seeds()
        .flat_map(|seed| (0..GROUPS).map(move |group| (seed, group)))
        .map(|(seed, group)| task(seed, group))
        .collect();
    context.runner.ask(&tasks)?;

    let mut over_batches = Vec::new();
    let mut same = Vec::new();
    for seed in context.seeds() {
        let groups = (0..GROUPS)
            .map(|group| Ok(values(&context.scores(task(seed, group))?)))
            .collect::<Result<Vec<_>, StudyError>>()?;
        over_batches.extend(pairwise(&groups));
        for (place, one) in groups.iter().enumerate() {
            same.extend(groups[..place].iter().map(|other| {
                f64::from(u8::from(
                    lowest(one, context.count()) == lowest(other, context.count()),
                ))
            }));
        }
    }

    let finished = context
        .seeds()
        .map(|seed| context.send_values(seed))
        .collect::<Result<Vec<_>, _>>()?;
    let over_seeds = pairwise(&finished);

    let mut by_epoch: Vec<Vec<f64>> = Vec::new();
    for seed in context.seeds() {
        let (_, epochs) = context.recorded(seed)?;
        let Some(last) = epochs.last().map(|scores| values(scores)) else {
            continue;
        };
        for (epoch, scores) in epochs.iter().enumerate() {
            if by_epoch.len() <= epoch {
                by_epoch.push(Vec::new());
            }
            by_epoch[epoch].push(tau(&values(scores), &last));
        }
    }
    Ok(Some(Stability {
        batches_interval: interval(&over_batches),
        batches: Spread::of(over_batches),
        seeds_interval: interval(&over_seeds),
        seeds: Spread::of(over_seeds),
        epochs: by_epoch.into_iter().map(Spread::of).collect(),
        same_choice: Spread::of(same).mean,
    }))
}

fn pairwise(rankings: &[Vec<f64>]) -> Vec<f64> {
    let mut all = Vec::new();
    for (place, one) in rankings.iter().enumerate() {
        all.extend(rankings[..place].iter().map(|other| tau(one, other)));
    }
    all
}
