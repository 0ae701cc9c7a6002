//! Runs a single stage, for tests and benchmarks.

use burn::tensor::Tensor;

use crate::gpu;
use crate::place::{Place, on_gpu, place};
use crate::stage::Stage;
use crate::task::Task;

/// Runs a stage on tensors of one GPU. `inputs` are in binding order; the output has as many values as
/// requested. `None` if the tensors are not on a GPU.
pub fn run_stage(
    stage: Stage,
    inputs: Vec<Tensor<1>>,
    length: usize,
    task: &Task,
) -> Option<Tensor<1>> {
    let buffers: Option<Vec<_>> = inputs
        .into_iter()
        .map(|input| match place(input) {
            Place::Gpu(buffer) => Some(buffer),
            Place::Host(_) => None,
        })
        .collect();
    let buffers = buffers?;
    let inputs: Vec<_> = buffers.iter().map(AsRef::as_ref).collect();
    gpu::run(stage, &inputs, length, task).map(on_gpu)
}
