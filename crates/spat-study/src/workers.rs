//! Number of concurrent tasks.

use spat_spec::{Structure, Study};

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
    let cost = Structure::dense(study.forecaster(deepest)).cost();
    let batch = study.base.training.batch as u64;
    let graph = batch * cost.macs / MACS_PER_VALUE * 4;
    let each = cost.params * PARAMETER + graph + REST;
    let fitting = free_bytes.map_or(usize::MAX, |free| {
        usize::try_from(free / 2 / each).unwrap_or(usize::MAX)
    });
    threads.min(fitting).max(1)
}
