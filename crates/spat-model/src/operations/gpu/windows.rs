//! Windows to rows, and rows to forecasts.

use burn::tensor::Tensor;
use spat_gpu::Buffer;
use spat_gpu::encoder::{Rows, normalise_windows, restore_backward, restore_windows};

use super::node::{Operand, Saved, constant, output};
use crate::layers::WINDOW_EPSILON as EPSILON;

/// Mean and deviation of each window and channel, and the shape of the batch.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    values: Buffer,
    rows: Rows,
}

/// Rows `[B · tokens, lookback]` of windows `[B, lookback, C]` and of features `[B, lookback,
/// time_features]`. Also `None` if the windows need a gradient.
pub(in super::super) fn normalise(
    input: &Tensor<3>,
    time_features: Option<&Tensor<3>>,
    normalise: bool,
) -> Option<(Tensor<2>, Statistics)> {
    let [samples, lookback, channels] = input.dims();
    let input = Operand::of(input)?;
    let features = match time_features {
        Some(time_features) => Operand::of(time_features)?,
        None => Operand::absent(&input),
    };
    if input.is_tracked() || features.is_tracked() {
        return None;
    }
    let rows = Rows {
        samples,
        channels,
        tokens: channels + time_features.map_or(0, |time_features| time_features.dims()[2]),
        normalise,
    };
    let (values, statistics) = normalise_windows(
        &input.values,
        time_features.map(|_| &features.values),
        &rows,
        EPSILON as f32,
    );
    let shape = [samples * rows.tokens, lookback];
    Some((
        constant(values, shape, input.is_autodiff()),
        Statistics {
            values: statistics,
            rows,
        },
    ))
}

/// Forecasts `[B, horizon, C]` of rows `[B · tokens, horizon]`.
///
/// # Panics
/// If the rows are on another device than the statistics.
pub(in super::super) fn restore(rows: &Tensor<2>, statistics: Statistics) -> Tensor<3> {
    let Some(operand) = Operand::of(rows) else {
        unreachable!("the rows are on the device of their windows");
    };
    let shape = [
        statistics.rows.samples,
        rows.dims()[1],
        statistics.rows.channels,
    ];
    let values = restore_windows(&operand.values, &statistics.values, &statistics.rows);
    output([operand], values, shape, statistics)
}

impl Saved<1> for Statistics {
    fn gradients(&self, gradient: &Buffer, _wanted: [bool; 1]) -> [Option<Buffer>; 1] {
        [Some(restore_backward(gradient, &self.values, &self.rows))]
    }
}
