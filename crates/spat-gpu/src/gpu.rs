//! The stages that reduce sensitivities and attention maps, on Burn's own wgpu device.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use crate::launch::{Binding, empty, launch};
use crate::stage::Stage;
use crate::task::Task;

/// The score state `before`, updated with the sensitivities of one batch.
pub(crate) fn accumulate(sensitivity: CubeTensor, before: &CubeTensor, task: &Task) -> CubeTensor {
    let sensitivity = into_contiguous(sensitivity);
    // Without standardisation, one partial is bound but never read.
    let partials = empty(&sensitivity, task.partials.max(1) as usize * 4);
    if task.partials > 0 {
        reduce(
            Stage::MeasureSpread,
            &[&sensitivity],
            &partials,
            &task.spread(),
        );
    }
    let sums = empty(&sensitivity, task.sums() as usize * 2);
    reduce(Stage::DisperseRows, &[&sensitivity, &partials], &sums, task);
    accumulate_sums(&sums, before, task)
}

/// The score state, updated with the row entropies of one batch.
pub(crate) fn entropy(attention: CubeTensor, before: &CubeTensor, task: &Task) -> CubeTensor {
    let attention = into_contiguous(attention);
    let sums = empty(&attention, task.sums() as usize * 2);
    reduce(Stage::MeasureEntropy, &[&attention], &sums, task);
    accumulate_sums(&sums, before, task)
}

/// The mean of each cell over the batch.
pub(crate) fn average(maps: CubeTensor, task: &Task) -> CubeTensor {
    let maps = into_contiguous(maps);
    let average = empty(&maps, (task.heads * task.rows * task.keys) as usize);
    reduce(Stage::AverageMaps, &[&maps], &average, &task.cells());
    average
}

fn accumulate_sums(sums: &CubeTensor, before: &CubeTensor, task: &Task) -> CubeTensor {
    let after = empty(before, before.meta.shape().num_elements());
    reduce(
        Stage::AccumulateScores,
        &[sums, before],
        &after,
        &task.accumulation(),
    );
    after
}

/// Runs a single stage.
pub(crate) fn run(
    stage: Stage,
    inputs: &[&CubeTensor],
    length: usize,
    task: &Task,
) -> Option<CubeTensor> {
    let output = empty(inputs.first()?, length);
    reduce(stage, inputs, &output, task);
    Some(output)
}

/// Queues one stage. Its bindings are the inputs, the output and the task.
fn reduce(stage: Stage, inputs: &[&CubeTensor], output: &CubeTensor, task: &Task) {
    let mut bindings: Vec<Binding<'_>> = inputs.iter().map(|input| Binding::In(input)).collect();
    bindings.push(Binding::Out(output));
    launch(stage, &bindings, &task.uniform(), task.grid());
}
