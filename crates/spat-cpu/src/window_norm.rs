//! Conversion of a batch of windows to encoder tokens, with per-window normalisation, and back.
//!
//! Windows are row-major, `[B, rows, C]`; a token is a whole channel, `[B · tokens, rows]`.

use crate::fresh::Fresh;
use crate::profile::timed;
use crate::threads::each_block;

/// Sizes of a batch of windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowShape {
    /// B.
    pub samples: usize,
    /// Rows of a window.
    pub rows: usize,
    /// C.
    pub channels: usize,
    /// Columns of time features, in addition to the channels.
    pub time_features: usize,
}

/// Mean and deviation of each window and channel, `[B · C]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WindowStatistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Deviations.
    pub deviation: Vec<f32>,
}

impl WindowShape {
    /// Tokens per sample.
    pub fn tokens(&self) -> usize {
        self.channels + self.time_features
    }
}

/// `[B, rows, C]` and the time features `[B, rows, time_features]` as tokens `[B · (C + time_features),
/// rows]`. With `epsilon`, each channel of a window is normalised: minus its mean, divided by `√(population
/// variance + ε)`. The features are unchanged.
pub fn window_tokens(
    values: &[f32],
    time_features: &[f32],
    shape: &WindowShape,
    epsilon: Option<f32>,
) -> (Vec<f32>, WindowStatistics) {
    let _timed = timed("windows");
    let WindowShape {
        samples,
        rows,
        channels,
        time_features: features,
    } = *shape;
    let mut tokens = Fresh::new(samples * shape.tokens() * rows);
    let mut statistics = WindowStatistics {
        mean: vec![0.0; samples * channels],
        deviation: vec![1.0; samples * channels],
    };
    let blocks = tokens
        .blocks(shape.tokens() * rows)
        .zip(statistics.mean.chunks_mut(channels))
        .zip(statistics.deviation.chunks_mut(channels))
        .enumerate();
    let work = samples * shape.tokens() * rows * 4;
    each_block(work, blocks, |(sample, ((tokens, mean), deviation))| {
        let values = &values[sample * rows * channels..][..rows * channels];
        let (of_channels, of_features) = tokens.cleared().split_at_mut(channels * rows);
        transpose_into(values, rows, channels, of_channels);
        if features > 0 {
            let time_features = &time_features[sample * rows * features..][..rows * features];
            transpose_into(time_features, rows, features, of_features);
        }
        if let Some(epsilon) = epsilon {
            let channels = of_channels.chunks_exact_mut(rows);
            for (token, (mean, deviation)) in channels.zip(mean.iter_mut().zip(deviation)) {
                (*mean, *deviation) = normalise(token, epsilon);
            }
        }
    });
    (tokens.into_values(), statistics)
}

/// Subtracts the token's mean and divides by its deviation; returns both.
fn normalise(token: &mut [f32], epsilon: f32) -> (f32, f32) {
    let count = token.len() as f32;
    let mean = crate::sums::sum_of(token, token, |value, _| value) / count;
    for value in &mut *token {
        *value -= mean;
    }
    let variance = crate::sums::sum_of(token, token, |value, _| value * value) / count;
    let deviation = (variance + epsilon).sqrt();
    for value in token {
        *value /= deviation;
    }
    (mean, deviation)
}

/// Forecasts of tokens `[B · tokens, rows]` as windows `[B, rows, C]` in the original units: the first C
/// tokens of a sample, times their deviation, plus their mean.
pub fn restore_windows(
    tokens: &[f32],
    shape: &WindowShape,
    statistics: &WindowStatistics,
) -> Vec<f32> {
    let _timed = timed("windows");
    let WindowShape {
        samples,
        rows,
        channels,
        ..
    } = *shape;
    let mut windows = Fresh::new(samples * rows * channels);
    let blocks = windows.blocks(rows * channels).enumerate();
    each_block(windows_work(shape), blocks, |(sample, window)| {
        let window = window.cleared();
        let tokens = &tokens[sample * shape.tokens() * rows..][..channels * rows];
        for (channel, token) in tokens.chunks_exact(rows).enumerate() {
            let place = sample * channels + channel;
            let (mean, deviation) = (statistics.mean[place], statistics.deviation[place]);
            for (row, value) in token.iter().enumerate() {
                window[row * channels + channel] = value * deviation + mean;
            }
        }
    });
    windows.into_values()
}

/// `∂L/∂tokens` of [`restore_windows`] from that of the windows; 0 for tokens of features.
pub fn restore_windows_backward(
    gradient: &[f32],
    shape: &WindowShape,
    statistics: &WindowStatistics,
) -> Vec<f32> {
    let _timed = timed("windows, backward");
    let WindowShape {
        samples,
        rows,
        channels,
        ..
    } = *shape;
    let mut tokens = Fresh::new(samples * shape.tokens() * rows);
    let blocks = tokens.blocks(shape.tokens() * rows).enumerate();
    each_block(windows_work(shape), blocks, |(sample, tokens)| {
        let window = &gradient[sample * rows * channels..][..rows * channels];
        let tokens = &mut tokens.cleared()[..channels * rows];
        transpose_into(window, rows, channels, tokens);
        for (channel, token) in tokens.chunks_exact_mut(rows).enumerate() {
            let deviation = statistics.deviation[sample * channels + channel];
            for value in token {
                *value *= deviation;
            }
        }
    });
    tokens.into_values()
}

/// Cost of a strided copy of all values.
fn windows_work(shape: &WindowShape) -> usize {
    shape.samples * shape.rows * shape.channels * 2
}

/// `transposed ← matrixᵀ` of a matrix `[rows × columns]`.
fn transpose_into(matrix: &[f32], rows: usize, columns: usize, transposed: &mut [f32]) {
    // In narrow strips, so that reads and writes stay in cache.
    const STRIP: usize = 16;
    for first in (0..rows).step_by(STRIP) {
        let strip = first..(first + STRIP).min(rows);
        for column in 0..columns {
            for row in strip.clone() {
                transposed[column * rows + row] = matrix[row * columns + column];
            }
        }
    }
}
