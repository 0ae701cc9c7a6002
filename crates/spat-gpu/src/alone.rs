//! One stage by itself, as tests and benches need it.

use burn::tensor::Tensor;

use crate::gpu;
use crate::place::{Place, on_gpu, place};
use crate::stage::Stage;
use crate::task::Task;

/// Runs a stage on tensors of one GPU: its inputs in the order of its bindings, and the number of
/// values that it writes. `None` where the tensors are not on a GPU.
pub fn run_alone(
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
