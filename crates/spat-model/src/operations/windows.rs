//! The ends of a forecaster that makes one row of each channel.

use burn::tensor::Tensor;

use super::gpu;
use crate::window_norm::{WindowStatistics, normalise as by_window};

/// What takes forecasts back to the units of their windows.
pub(crate) enum Units {
    /// By statistics that lie on a GPU.
    OnGpu(gpu::Statistics),
    /// By Burn's operations: sizes of the batch, and statistics where the windows were normalised.
    Plain {
        batch: usize,
        channels: usize,
        statistics: Option<WindowStatistics>,
    },
}

/// Windows, each by its own mean and deviation if asked for, as one row of each channel; features of
/// the time stamps follow as rows of their own.
///
/// # Shapes
/// - `input`: `[B, lookback, C]`
/// - `marks`: `[B, lookback, M]`
/// - output: `[B · (C + M), lookback]`
pub(crate) fn normalise(
    input: Tensor<3>,
    marks: Option<Tensor<3>>,
    by_statistics: bool,
) -> (Tensor<2>, Units) {
    if let Some((rows, statistics)) = gpu::normalise(&input, marks.as_ref(), by_statistics) {
        return (rows, Units::OnGpu(statistics));
    }
    let [batch, lookback, channels] = input.dims();
    let (input, statistics) = if by_statistics {
        let (normal, statistics) = by_window(input);
        (normal, Some(statistics))
    } else {
        (input, None)
    };
    let series = match marks {
        Some(marks) => Tensor::cat(vec![input, marks], 2),
        None => input,
    };
    let tokens = series.dims()[2];
    let rows = series.swap_dims(1, 2).reshape([batch * tokens, lookback]);
    let units = Units::Plain {
        batch,
        channels,
        statistics,
    };
    (rows, units)
}

/// Forecasts of rows, in the units of their windows; rows of features are left out.
///
/// # Shapes
/// - `rows`: `[B · (C + M), horizon]`
/// - output: `[B, horizon, C]`
pub(crate) fn restore(rows: Tensor<2>, units: Units) -> Tensor<3> {
    match units {
        Units::OnGpu(statistics) => gpu::restore(rows, statistics),
        Units::Plain {
            batch,
            channels,
            statistics,
        } => {
            let [count, horizon] = rows.dims();
            let forecast = rows
                .reshape([batch, count / batch, horizon])
                .narrow(1, 0, channels)
                .swap_dims(1, 2);
            match statistics {
                Some(statistics) => statistics.restore(forecast),
                None => forecast,
            }
        }
    }
}
