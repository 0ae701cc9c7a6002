//! The amount of work of a suite, before it starts.

use spat_series::{Part, Series};
use spat_spec::{Controls, Experiment, Suite, TrainingConfig};

/// Most candidates that the selection rule fine-tunes of many modules, with the one at the ratio.
const CANDIDATES: usize = 11;

/// Passes over a batch that scorers take in the mean, in passes of a training step.
const PASSES_OF_SCORERS: f64 = 1.5;

/// Numbers of trainings, and a rough time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SuiteWork {
    /// Cells whose model is pruned.
    pub pruned_cells: usize,
    /// Cells whose model is only trained.
    pub other_cells: usize,
    /// Trainings from new weights.
    pub trainings: usize,
    /// Fine-tunings, at most.
    pub finetunings: usize,
    /// Scoring passes.
    pub scorings: usize,
    /// Seconds on one core of a CPU. Rough: half to twice as long.
    pub seconds: f64,
}

impl SuiteWork {
    /// The work of a suite on its tables, without results that are stored already.
    pub fn of(suite: &Suite, tables: &[Series]) -> Self {
        let mut work = Self::default();
        let seeds = suite.seeds.len();
        for cell in &suite.cells {
            let experiment = suite.experiment(cell);
            let windows = tables
                .get(cell.table)
                .map_or(0, |series| windows(&experiment, series));
            let epochs = |training: &TrainingConfig| {
                let alone = Experiment {
                    training: training.clone(),
                    finetune: TrainingConfig {
                        epochs: 0,
                        ..training.clone()
                    },
                    controls: Controls::default(),
                    ..experiment.clone()
                };
                alone.training_seconds(windows)
            };
            work.trainings += seeds;
            work.seconds += seeds as f64 * epochs(&cell.training);
            if !suite.is_pruned(cell) {
                work.other_cells += 1;
                continue;
            }
            work.pruned_cells += 1;
            let modules = cell.forecaster.removable_modules().len();
            let every_subset = modules <= suite.every_subset;
            let tuned = if every_subset {
                1 << modules
            } else {
                CANDIDATES
            };
            work.finetunings += seeds * tuned;
            work.seconds += (seeds * tuned) as f64 * epochs(&cell.finetune);
            if every_subset && modules > 1 {
                let scorings = seeds * (suite.scorers.len() + suite.readings.len());
                work.scorings += scorings;
                let step = TrainingConfig {
                    epochs: 1,
                    ..cell.training.clone()
                };
                let of_pass = suite.score_batches * cell.training.batch;
                let share = of_pass as f64 / windows.max(1) as f64;
                work.seconds += scorings as f64 * PASSES_OF_SCORERS * share * epochs(&step);
            }
        }
        work
    }
}

/// Training windows of a cell.
fn windows(experiment: &Experiment, series: &Series) -> usize {
    let (lookback, horizon) = (
        experiment.forecaster.lookback(),
        experiment.forecaster.horizon(),
    );
    let split = experiment.data.split.apply_to(series, lookback, horizon);
    split.map_or(0, |split| {
        split.windows(Part::Train, series, lookback, horizon).len()
    })
}
