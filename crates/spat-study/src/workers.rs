//! How many tasks are done at once.

use spat_spec::{Structure, Study};

/// Bytes of a parameter while it is trained: itself, its best value, its gradient, two moments, and
/// what the optimiser holds between two steps.
const PARAMETER: u64 = 28;

/// Multiply–accumulates for each value that the graph of a training step keeps: an output takes as
/// many as the layer is wide, and a few copies of it stay.
const MACS_PER_VALUE: u64 = 16;

/// The program itself, and the batches of an evaluation.
const REST: u64 = 64 << 20;

/// One worker per thread, as far as half of the free memory allows. Small models gain more from
/// several at once than from several threads each; the threads are shared all the same.
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
