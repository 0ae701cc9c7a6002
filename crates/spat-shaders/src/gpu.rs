//! The stages on Burn's own wgpu device.
//!
//! A launch joins the queue of Burn's operations, so that it sees what they wrote and they see what
//! it writes. Pipelines are cached by the stage. A shader that the device refuses is an error of
//! every tensor that it should have written, by the shader's name, when that tensor is read.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::attributes::BufferIOAttr;
use cubecl::ir::metadata::Info;
use cubecl::ir::{ElemType, UIntKind};
use cubecl::prelude::*;
use cubecl::server::{KernelArguments, MetadataBindingInfo};
use cubecl::{CubeKernel, PrecompiledSource};

use crate::stage::Stage;
use crate::task::{Task, WORKGROUP};

/// Scores after one more batch: the state `before`, with the sensitivities folded in.
pub(crate) fn accumulate(sensitivity: CubeTensor, before: &CubeTensor, task: &Task) -> CubeTensor {
    let sensitivity = into_contiguous(sensitivity);
    // Where nothing is standardised one partial is bound and never read.
    let partials = empty(&sensitivity, task.partials.max(1) as usize * 4);
    if task.partials > 0 {
        launch(
            Stage::MeasureSpread,
            &[&sensitivity],
            &partials,
            &task.spread(),
        );
    }
    let sums = empty(&sensitivity, task.sums() as usize * 2);
    launch(Stage::DisperseRows, &[&sensitivity, &partials], &sums, task);
    accumulate_sums(&sums, before, task)
}

/// The state after the rows' entropies of one batch.
pub(crate) fn entropy(attention: CubeTensor, before: &CubeTensor, task: &Task) -> CubeTensor {
    let attention = into_contiguous(attention);
    let sums = empty(&attention, task.sums() as usize * 2);
    launch(Stage::MeasureEntropy, &[&attention], &sums, task);
    accumulate_sums(&sums, before, task)
}

/// The mean over the batch of each cell.
pub(crate) fn average(maps: CubeTensor, task: &Task) -> CubeTensor {
    let maps = into_contiguous(maps);
    let average = empty(&maps, (task.heads * task.rows * task.keys) as usize);
    launch(Stage::AverageMaps, &[&maps], &average, &task.cells());
    average
}

fn accumulate_sums(sums: &CubeTensor, before: &CubeTensor, task: &Task) -> CubeTensor {
    let after = empty(before, before.meta.shape().num_elements());
    launch(
        Stage::AccumulateScores,
        &[sums, before],
        &after,
        &task.accumulation(),
    );
    after
}

/// An f32 tensor of `length` values beside `like`.
fn empty(like: &CubeTensor, length: usize) -> CubeTensor {
    CubeTensor::new_contiguous(
        like.client.clone(),
        like.device.clone(),
        [length].into(),
        like.client.empty(length * size_of::<f32>()),
        like.dtype,
    )
}

/// One stage alone.
pub(crate) fn run(
    stage: Stage,
    inputs: &[&CubeTensor],
    length: usize,
    task: &Task,
) -> Option<CubeTensor> {
    let output = empty(inputs.first()?, length);
    launch(stage, inputs, &output, task);
    Some(output)
}

/// Queues one stage. Its bindings are the inputs, the output, the task.
fn launch(stage: Stage, inputs: &[&CubeTensor], output: &CubeTensor, task: &Task) {
    let mut arguments = KernelArguments::new();
    for input in inputs {
        arguments =
            arguments.with_buffer_io(input.handle.clone().binding(), BufferIOAttr::ReadOnly);
    }
    let arguments = arguments
        .with_buffer_io(output.handle.clone().binding(), BufferIOAttr::WriteOnly)
        .with_info(MetadataBindingInfo::custom(task.words()));
    let [x, y] = task.grid();
    output.client.launch(
        Box::new(WgslKernel(stage)),
        CubeCount::Static(x, y, 1),
        arguments,
    );
}

/// A stage as CubeCL launches it: the text as it stands, nothing compiled from Rust.
struct WgslKernel(Stage);

impl WgslKernel {
    fn dimension() -> CubeDim {
        CubeDim::new_1d(WORKGROUP)
    }
}

impl KernelMetadata for WgslKernel {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn id(&self) -> KernelId {
        // Unchecked: every loop ends by its own bounds, and every access is guarded.
        KernelId::new::<Self>()
            .info(self.0)
            .cube_dim(Self::dimension().0)
            .mode(ExecutionMode::Unchecked)
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl CubeKernel for WgslKernel {
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(
            Self::dimension().0,
            ExecutionMode::Unchecked,
            AddressType::U32,
        );
        KernelDefinition {
            body: Scope::root(settings.clone()),
            info: Info::default(),
            settings,
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.0.source().to_owned(),
            entrypoint_name: self.0.name().to_owned(),
            lang: "wgsl",
        })
    }
}
