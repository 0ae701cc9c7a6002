//! Rolling-origin validation: earlier cutoffs inside the training range, with a dense model trained before each.

use std::ops::Range;

use burn::module::Module as _;
use spat_model::Forecaster;
use spat_series::{Series, SplitError, SplitRule};
use spat_spec::{Experiment, ForecasterConfig, Phase, Structure};

use crate::control::Control;
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::phases::Phases;
use crate::run_context::RunContext;
use crate::seeds::{Purpose, seed_for};
use crate::store::RunStore;
use crate::trainer::{Trained, train};

/// A cutoff: rows before it train, rows after it validate. Rows after those are not used.
pub(crate) struct Fold {
    /// Counted from 1.
    pub(crate) number: usize,
    split: SplitRule,
    /// The dense model, trained on the rows before the cutoff.
    pub(crate) dense: Trained,
}

impl Fold {
    /// The table of the run, `series`, split at the cutoff. Not kept, so that there is one copy of the table at a time.
    pub(crate) fn dataset(
        &self,
        series: &Series,
        forecaster: &ForecasterConfig,
    ) -> Result<Dataset, SplitError> {
        Dataset::for_forecaster(series.clone(), self.split, forecaster)
    }
}

/// The rows that train and validate at each of `count` cutoffs, from the first: the second half of the training
/// range, which has `rows` rows from the first of the table, in equal parts.
fn ranges(rows: usize, count: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let cutoff = move |place: usize| rows * (count + place) / (2 * count);
    (0..count).map(move |place| {
        let (start, end) = (cutoff(place), cutoff(place + 1));
        (0..start, start..end)
    })
}

/// How the table is split at each cutoff of the experiment.
fn splits(experiment: &Experiment, series: &Series) -> Result<Vec<SplitRule>, SplitError> {
    let count = experiment.prune.origins();
    if count == 0 {
        return Ok(Vec::new());
    }
    let train = experiment.data.split.ranges(series.rows())?.train;
    let each = ranges(train.end, count);
    let split = |(train, val): (Range<usize>, Range<usize>)| SplitRule::Rows {
        train: train.len(),
        val: val.len(),
        // Not used, but every part needs a window.
        test: experiment.forecaster.horizon(),
    };
    Ok(each.map(split).collect())
}

/// Checks that every cutoff of the experiment has windows before and after it.
///
/// # Errors
/// The first that has none, and what to do.
pub(crate) fn check_folds(experiment: &Experiment, series: &Series) -> Result<(), JobError> {
    let count = experiment.prune.origins();
    let forecaster = &experiment.forecaster;
    for split in splits(experiment, series)? {
        split
            .apply_to(series, forecaster.lookback(), forecaster.horizon())
            .map_err(|error| {
                JobError::Mismatch(format!(
                    "the training range is too short for {count} earlier cutoffs; use fewer, or none ({error})"
                ))
            })?;
    }
    Ok(())
}

/// Trains the dense model before each cutoff of the experiment, except those that an earlier session of the run
/// trained.
pub(crate) async fn train_folds(
    context: &RunContext<'_>,
    experiment: &Experiment,
    structure: &Structure,
    phases: &mut Phases,
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<Vec<Fold>, JobError> {
    let whole = &context.dataset.series;
    let mut folds = Vec::new();
    for (place, split) in splits(experiment, whole)?.into_iter().enumerate() {
        let number = place + 1;
        let known = phases
            .fold(number, structure, context.device, store)
            .await?;
        let dense = match known {
            Some(known) => known,
            None => {
                // The initial weights of the run's own dense model.
                let seed = seed_for(context.seed, Phase::Pretrain, Purpose::Weights, 0);
                let device = context.device.clone().autodiff();
                let model = Forecaster::try_init(structure, seed, &device)?.train();
                let forecaster = &experiment.forecaster;
                let dataset = Dataset::for_forecaster(whole.clone(), split, forecaster)?;
                let context = RunContext {
                    dataset: &dataset,
                    ..*context
                };
                let training = &experiment.training;
                let phase = Phase::Fold;
                let trained =
                    train(&context, phase, model, training, &mut [], store, control).await?;
                phases.end_fold(number, &trained, store).await?;
                trained
            }
        };
        folds.push(Fold {
            number,
            split,
            dense,
        });
    }
    Ok(folds)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn cutoffs_divide_the_second_half_of_the_training_range() {
        let found: Vec<_> = ranges(100, 2).collect();
        assert_eq!(found, [(0..50, 50..75), (0..75, 75..100)]);
        assert_eq!(ranges(101, 3).last().unwrap().1.end, 101);
        assert_eq!(ranges(100, 0).count(), 0);
    }
}
