//! Conversion of windows to rows, one row per channel, and of rows to forecasts, normalised per window
//! (arXiv 2205.14415).

use super::dispatch::{Dispatch, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::Stage;

/// Sizes of windows as rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// B.
    pub samples: usize,
    /// C.
    pub channels: usize,
    /// Rows of a sample: its channels, then its time features.
    pub tokens: usize,
    /// Whether each window is normalised by its own mean and deviation.
    pub normalise: bool,
}

/// The launches of [`normalise_windows`] (for a look-back), [`restore_windows`] and [`restore_backward`]
/// (for a horizon).
pub fn window_dispatches(
    shape: &Rows,
    lookback: usize,
    horizon: usize,
    epsilon: f32,
) -> [Dispatch; 3] {
    let rows = shape.samples * shape.tokens;
    [
        (Stage::NormaliseWindows, lookback, rows),
        (
            Stage::RestoreWindows,
            horizon,
            shape.samples * horizon * shape.channels,
        ),
        (Stage::RestoreBackward, horizon, rows * horizon),
    ]
    .map(|(stage, length, count)| {
        Dispatch::new(stage, groups(count), |groups_x| {
            vec![
                size(shape.samples),
                size(length),
                size(shape.channels),
                size(shape.tokens),
                size(count),
                groups_x,
                shape.normalise.into(),
                epsilon.to_bits(),
            ]
        })
    })
}

/// Rows `[B · tokens, lookback]` of windows `[B, lookback, C]` and their features
/// `[B, lookback, tokens − C]`, and mean and deviation of each window and channel.
pub fn normalise_windows(
    values: &Buffer,
    time_features: Option<&Buffer>,
    shape: &Rows,
    epsilon: f32,
) -> (Buffer, Buffer) {
    let windows = shape.samples * shape.channels;
    let lookback = values.length() / windows.max(1);
    let rows = values.allocate_like(shape.samples * shape.tokens * lookback);
    let statistics = values.allocate_like(2 * windows);
    let [forward, ..] = window_dispatches(shape, lookback, 0, epsilon);
    // The binding needs a buffer, even if it is unused.
    let none = values.allocate_like(1);
    forward.launch(&[
        In(values.values()),
        In(time_features.unwrap_or(&none).values()),
        Out(rows.values()),
        Out(statistics.values()),
    ]);
    (rows, statistics)
}

/// Forecasts `[B, horizon, C]` of rows `[B · tokens, horizon]`.
pub fn restore_windows(rows: &Buffer, statistics: &Buffer, shape: &Rows) -> Buffer {
    let horizon = rows.length() / (shape.samples * shape.tokens).max(1);
    let forecast = rows.allocate_like(shape.samples * horizon * shape.channels);
    let [_, restore, _] = window_dispatches(shape, 0, horizon, 0.0);
    restore.launch(&[
        In(rows.values()),
        In(statistics.values()),
        Out(forecast.values()),
    ]);
    forecast
}

/// The gradient of the rows of [`restore_windows`].
pub fn restore_backward(gradient: &Buffer, statistics: &Buffer, shape: &Rows) -> Buffer {
    let horizon = gradient.length() / (shape.samples * shape.channels).max(1);
    let of_rows = gradient.allocate_like(shape.samples * shape.tokens * horizon);
    let [.., backward] = window_dispatches(shape, 0, horizon, 0.0);
    backward.launch(&[
        In(gradient.values()),
        In(statistics.values()),
        Out(of_rows.values()),
    ]);
    of_rows
}
