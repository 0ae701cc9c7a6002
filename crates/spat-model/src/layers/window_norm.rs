//! Per-window normalisation by the window's own mean and deviation, inverted on the forecast.
//!
//! Non-stationary Transformer (arXiv 2205.14415) and RevIN without affine weights
//! (openreview cGDAkQo1C0p): population variance plus 1e-5.

use burn::tensor::Tensor;

pub(crate) const EPSILON: f64 = 1e-5;

/// Mean and deviation of each window and channel, `[B, 1, C]`.
#[derive(Debug, Clone)]
pub(crate) struct WindowStatistics {
    mean: Tensor<3>,
    deviation: Tensor<3>,
}

/// # Shapes
/// - `x` and output: `[B, lookback, C]`
pub(crate) fn normalise(x: Tensor<3>) -> (Tensor<3>, WindowStatistics) {
    let mean = x.clone().mean_dim(1);
    let centred = x - mean.clone();
    let deviation = (centred.clone().square().mean_dim(1) + EPSILON).sqrt();
    (
        centred / deviation.clone(),
        WindowStatistics { mean, deviation },
    )
}

impl WindowStatistics {
    /// # Shapes
    /// - `forecast` and output: `[B, horizon, C]`
    pub(crate) fn restore(self, forecast: Tensor<3>) -> Tensor<3> {
        forecast * self.deviation + self.mean
    }
}
