//! Windows to tokens of whole channels, and forecasts of tokens to windows.

use std::sync::Arc;

use burn::tensor::{Shape, Tensor};
use spat_cpu::{
    WindowShape, WindowStatistics as Statistics, restore_windows, restore_windows_backward,
    window_tokens,
};

use super::gpu;
use super::node::{Operand, Saved, output, plain_tensor};
use crate::layers::{WINDOW_EPSILON as EPSILON, WindowStatistics, normalise};

/// Converts forecasts of [`tokens`] back to windows.
#[derive(Debug, Clone)]
pub(crate) struct Restore {
    batch: usize,
    tokens: usize,
    channels: usize,
    by: By,
}

#[derive(Debug, Clone)]
enum By {
    Kernel(Arc<Statistics>),
    Stage(Box<gpu::Statistics>),
    Composition(Option<Box<WindowStatistics>>),
}

/// Each channel of each window, and each column of `time_features`, as a token; the channels are optionally
/// normalised by their own mean and deviation. Windows are data and get no gradient.
///
/// # Shapes
/// - `input`: `[B, lookback, C]`
/// - `time_features`: `[B, lookback, M]`
/// - output: `[B · (C + M), lookback]`
pub(crate) fn tokens(
    input: Tensor<3>,
    time_features: Option<Tensor<3>>,
    normalised: bool,
) -> (Tensor<2>, Restore) {
    let epsilon = normalised.then_some(EPSILON);
    on_cpu(&input, time_features.as_ref(), epsilon)
        .or_else(|| on_gpu(&input, time_features.as_ref(), normalised))
        .unwrap_or_else(|| plain(input, time_features, normalised))
}

/// The channels as [`tokens`], normalised by `√(population variance + epsilon)`, on the CPU; `None` if the tensors are
/// elsewhere.
pub(crate) fn series_on_cpu(input: &Tensor<3>, epsilon: f64) -> Option<(Tensor<2>, Restore)> {
    on_cpu(input, None, Some(epsilon))
}

/// [`tokens`] on the CPU, normalised if there is an epsilon; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(
    input: &Tensor<3>,
    time_features: Option<&Tensor<3>>,
    epsilon: Option<f64>,
) -> Option<(Tensor<2>, Restore)> {
    let [samples, rows, channels] = input.dims();
    let features = match time_features {
        Some(time_features) => Operand::of(time_features.clone())?,
        None => Operand::absent(),
    };
    let shape = WindowShape {
        samples,
        rows,
        channels,
        time_features: time_features.map_or(0, |time_features| time_features.dims()[2]),
    };
    let (values, statistics) = window_tokens(
        Operand::of(input.clone())?.values().slice(),
        features.values().slice(),
        &shape,
        epsilon.map(|epsilon| epsilon as f32),
    );
    let tokens = shape.tokens();
    let restore = Restore {
        batch: samples,
        tokens,
        channels,
        by: By::Kernel(Arc::new(statistics)),
    };
    Some((
        plain_tensor(values, [samples * tokens, rows], input.is_autodiff()),
        restore,
    ))
}

/// [`tokens`] on a GPU; `None` if the tensors are elsewhere.
fn on_gpu(
    input: &Tensor<3>,
    time_features: Option<&Tensor<3>>,
    normalised: bool,
) -> Option<(Tensor<2>, Restore)> {
    let [batch, _, channels] = input.dims();
    let (rows, statistics) = gpu::normalise(input, time_features, normalised)?;
    let restore = Restore {
        batch,
        tokens: rows.dims()[0] / batch,
        channels,
        by: By::Stage(Box::new(statistics)),
    };
    Some((rows, restore))
}

pub(super) fn plain(
    input: Tensor<3>,
    time_features: Option<Tensor<3>>,
    normalised: bool,
) -> (Tensor<2>, Restore) {
    let [batch, lookback, channels] = input.dims();
    let (input, statistics) = if normalised {
        let (normal, statistics) = normalise(input);
        (normal, Some(statistics))
    } else {
        (input, None)
    };
    let series = match time_features {
        Some(time_features) => Tensor::cat(vec![input, time_features], 2),
        None => input,
    };
    let tokens = series.dims()[2];
    let rows = series.swap_dims(1, 2).reshape([batch * tokens, lookback]);
    let restore = Restore {
        batch,
        tokens,
        channels,
        by: By::Composition(statistics.map(Box::new)),
    };
    (rows, restore)
}

impl Restore {
    /// The forecasts of the channels, in the units of the input.
    ///
    /// # Shapes
    /// - `rows`: `[B · (C + M), horizon]`
    /// - output: `[B, horizon, C]`
    pub(crate) fn windows(self, rows: Tensor<2>) -> Tensor<3> {
        let horizon = rows.dims()[1];
        match self.by {
            By::Kernel(statistics) => {
                let shape = WindowShape {
                    samples: self.batch,
                    rows: horizon,
                    channels: self.channels,
                    time_features: self.tokens - self.channels,
                };
                // Tokens of a CPU tensor stay on the CPU.
                let Some(operand) = Operand::of(rows.clone()) else {
                    return rows.reshape(Shape::new([self.batch, horizon, self.channels]));
                };
                let windows = restore_windows(operand.values().slice(), &shape, &statistics);
                let saved = Restored { shape, statistics };
                output(
                    [operand],
                    windows,
                    [self.batch, horizon, self.channels],
                    saved,
                )
            }
            By::Stage(statistics) => gpu::restore(&rows, *statistics),
            By::Composition(statistics) => {
                let forecast = rows
                    .reshape([self.batch, self.tokens, horizon])
                    .narrow(1, 0, self.channels)
                    .swap_dims(1, 2);
                match statistics {
                    Some(statistics) => statistics.restore(forecast),
                    None => forecast,
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Restored {
    shape: WindowShape,
    statistics: Arc<Statistics>,
}

impl Saved<1> for Restored {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 1]) -> [Option<Vec<f32>>; 1] {
        [Some(restore_windows_backward(
            gradient,
            &self.shape,
            &self.statistics,
        ))]
    }
}
