//! The stages and their text.

use burn::tensor::Tensor;

use crate::gpu;
use crate::place::{Place, on_gpu, place};
use crate::task::Task;

/// One compute shader of `shaders/`, named by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Mean and spread of all sensitivities of a module.
    MeasureSpread,
    /// Standard deviations of softmax rows.
    DisperseRows,
    /// Running mean and spread over batches.
    AccumulateScores,
    /// Entropies of attention rows.
    MeasureEntropy,
    /// Means of maps over a batch.
    AverageMaps,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 5] = [
        Self::MeasureSpread,
        Self::DisperseRows,
        Self::AccumulateScores,
        Self::MeasureEntropy,
        Self::AverageMaps,
    ];

    /// The file's name, which is also that of the entry point.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeasureSpread => "measure_spread",
            Self::DisperseRows => "disperse_rows",
            Self::AccumulateScores => "accumulate_scores",
            Self::MeasureEntropy => "measure_entropy",
            Self::AverageMaps => "average_maps",
        }
    }

    /// Runs this stage alone on tensors of one GPU, as tests and benches need it: its inputs in the
    /// order of its bindings, and the number of values that it writes. `None` where the tensors are
    /// not on a GPU.
    pub fn run(self, inputs: Vec<Tensor<1>>, length: usize, task: &Task) -> Option<Tensor<1>> {
        let buffers: Option<Vec<_>> = inputs
            .into_iter()
            .map(|input| match place(input) {
                Place::Gpu(buffer) => Some(buffer),
                Place::Host(_) => None,
            })
            .collect();
        let buffers = buffers?;
        let inputs: Vec<_> = buffers.iter().map(AsRef::as_ref).collect();
        gpu::run(self, &inputs, length, task).map(on_gpu)
    }

    /// The whole text: the stage and the shared pieces that it names in its head.
    pub fn source(self) -> &'static str {
        macro_rules! shader {
            ($($file:literal),+) => {
                concat!($(include_str!(concat!("../../../shaders/", $file, ".wgsl")), "\n"),+)
            };
        }
        match self {
            Self::MeasureSpread => shader!("task", "moments", "measure_spread"),
            Self::DisperseRows => shader!("task", "moments", "exponentials", "disperse_rows"),
            Self::AccumulateScores => shader!("task", "accumulate_scores"),
            Self::MeasureEntropy => shader!("task", "measure_entropy"),
            Self::AverageMaps => shader!("task", "average_maps"),
        }
    }
}
