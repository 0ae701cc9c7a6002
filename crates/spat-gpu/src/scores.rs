//! Running SEND scores of one module.

use burn::tensor::{Device, Tensor, TensorData};
use spat_spec::SendOptions;

use crate::place::{Place, on_gpu, on_host, place};
use crate::task::Task;
use crate::{gpu, host, reference};

/// SEND scores of a module over many batches, kept on the device of its sensitivities until they are read.
/// A batch costs three dispatches on a GPU (two without standardisation).
#[derive(Debug, Clone)]
pub struct RunningScores {
    /// `[2 + 2 (H + 1)]`: number of batches, number of non-finite values, then mean and sum of squared
    /// deviations of each head and of the module.
    state: Tensor<1>,
    heads: usize,
    causal: bool,
}

/// The values of [`RunningScores`], read from the device.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreReading {
    /// Batches so far.
    pub batches: u64,
    /// Sensitivities that were NaN or infinite and were skipped.
    pub not_finite: u64,
    /// Running mean of each head, then of the module (the mean over its heads).
    pub means: Vec<f32>,
    /// Sums of squared deviations from the means.
    pub squares: Vec<f32>,
}

impl RunningScores {
    /// Empty scores.
    pub fn new(heads: usize, device: &Device) -> Self {
        Self {
            state: Tensor::zeros([2 + 2 * (heads + 1)], device),
            heads,
            causal: false,
        }
    }

    /// Continues from a reading.
    pub fn from_reading(reading: &ScoreReading, device: &Device) -> Self {
        let mut state = vec![reading.batches as f32, reading.not_finite as f32];
        for (&mean, &squares) in reading.means.iter().zip(&reading.squares) {
            state.extend([mean, squares]);
        }
        let length = state.len();
        Self {
            state: Tensor::from_data(TensorData::new(state, [length]), device),
            heads: reading.means.len().saturating_sub(1),
            causal: false,
        }
    }

    /// The scores of a map of which row i has the keys 0 to i only, if `causal` is set. Other keys are
    /// ignored, and row 0, which has a single key.
    #[must_use]
    pub fn with_causal_rows(self, causal: bool) -> Self {
        Self { causal, ..self }
    }

    /// Number of heads of the module.
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// Adds the sensitivities of one batch. `forecast_values` is the number of values that the mean loss
    /// averages over; SEND is multiplied by `row_factor`.
    ///
    /// # Shapes
    /// - `sensitivity`: `[B, H, Lq, Lk]`, B = 1 for a shared mask
    #[must_use]
    pub fn with(
        self,
        sensitivity: Tensor<4>,
        forecast_values: usize,
        options: &SendOptions,
        row_factor: f32,
    ) -> Self {
        let task = Task::dispersion(sensitivity.dims(), forecast_values, options)
            .with_causal_rows(self.causal)
            .with_row_factor(row_factor);
        self.reduced(
            sensitivity,
            &task,
            gpu::accumulate,
            |values, before, task| {
                let sums = host::disperse_rows(values, task);
                reference::accumulate_scores(&sums, before, &task.accumulation())
            },
        )
    }

    /// Adds the entropies of attention rows, in nats, instead of SEND.
    #[must_use]
    pub(crate) fn with_entropy(self, attention: Tensor<4>) -> Self {
        let task = Task::rows(attention.dims()).with_causal_rows(self.causal);
        self.reduced(attention, &task, gpu::entropy, |values, before, task| {
            let sums = reference::measure_entropy(values, task);
            reference::accumulate_scores(&sums, before, &task.accumulation())
        })
    }

    fn reduced(
        self,
        maps: Tensor<4>,
        task: &Task,
        on_device: impl FnOnce(
            burn_cubecl::tensor::CubeTensor,
            &burn_cubecl::tensor::CubeTensor,
            &Task,
        ) -> burn_cubecl::tensor::CubeTensor,
        by_reference: impl FnOnce(&[f32], &[f32], &Task) -> Vec<f32>,
    ) -> Self {
        let length = self.state.dims();
        let state = match (place(maps), place(self.state.clone())) {
            (Place::Gpu(maps), Place::Gpu(before)) => on_gpu(on_device(*maps, &before, task)),
            (Place::Host(maps), Place::Host(before)) => on_host(
                by_reference(&maps, &before, task),
                length,
                &self.state.device(),
            ),
            _ => unreachable!("the state is on the device of the sensitivities"),
        };
        Self { state, ..self }
    }

    /// The state as a tensor, so that several are read in one round trip; [`ScoreReading::from_state`]
    /// decodes it.
    pub fn state(&self) -> Tensor<1> {
        self.state.clone()
    }
}

impl ScoreReading {
    /// Decodes the values of [`RunningScores::state`].
    pub fn from_state(state: &[f32]) -> Self {
        let (counts, heads) = state.split_at(state.len().min(2));
        let count = |place: usize| counts.get(place).map_or(0, |&count| count as u64);
        Self {
            batches: count(0),
            not_finite: count(1),
            means: heads.iter().step_by(2).copied().collect(),
            squares: heads.iter().skip(1).step_by(2).copied().collect(),
        }
    }
}
