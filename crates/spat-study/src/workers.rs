//! Number of concurrent tasks.

use spat_spec::{ForecasterConfig, Structure, Study, Suite};

/// Bytes per parameter during training: the value, its best value, its gradient, two moments, and the
/// optimizer's temporary values.
const PARAMETER: u64 = 28;

/// Multiply–accumulates per value that the graph of a training step keeps: an output takes as many as the
/// layer is wide, and a few copies of it are kept.
const MACS_PER_VALUE: u64 = 16;

/// Memory of the program itself and of evaluation batches.
const REST: u64 = 64 << 20;

/// One worker per thread, limited by half of the free memory. Small models gain more from concurrent tasks
/// than from several threads each; all tasks share the threads.
pub fn workers(study: &Study, threads: usize, free_bytes: Option<u64>) -> usize {
    let deepest = study.depths.iter().copied().max().unwrap_or(1);
    let each = task_bytes(study.forecaster(deepest), study.base.training.batch);
    fitting(each, threads, free_bytes)
}

/// The same for a suite, by its largest model.
pub fn suite_workers(suite: &Suite, threads: usize, free_bytes: Option<u64>) -> usize {
    let cells = suite.cells.iter();
    let each = cells.map(|cell| task_bytes(cell.forecaster.clone(), cell.training.batch));
    fitting(each.max().unwrap_or(REST), threads, free_bytes)
}

/// Bytes that the training of a dense model needs.
fn task_bytes(forecaster: ForecasterConfig, batch: usize) -> u64 {
    let cost = Structure::dense(forecaster).cost();
    let values = (batch as u64).saturating_mul(cost.macs) / MACS_PER_VALUE;
    let numbers = cost.params.saturating_mul(PARAMETER);
    numbers
        .saturating_add(values.saturating_mul(4))
        .saturating_add(REST)
}

fn fitting(each: u64, threads: usize, free_bytes: Option<u64>) -> usize {
    let fitting = free_bytes.map_or(usize::MAX, |free| {
        usize::try_from(free / 2 / each).unwrap_or(usize::MAX)
    });
    threads.min(fitting).max(1)
}
