//! Per-window normalisation by the window's own mean and deviation, inverted on the forecast.
//!
//! Non-stationary Transformer (arXiv 2205.14415) and RevIN (openreview cGDAkQo1C0p): population variance
//! plus 1e-5.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::initial::Initial;

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

/// Affine weights of RevIN: scale and shift of each channel after it is normalised, `[C]`.
#[derive(Module, Debug)]
pub(crate) struct Affine {
    /// Scale.
    pub(crate) gamma: Param<Tensor<1>>,
    /// Shift.
    pub(crate) beta: Param<Tensor<1>>,
}

impl Affine {
    /// The identity.
    pub(crate) fn init(initial: &Initial<'_>, channels: usize) -> Self {
        Self {
            gamma: initial.constant([channels], 1.0),
            beta: initial.constant([channels], 0.0),
        }
    }

    /// # Shapes
    /// - `x` and output: `[B, lookback, C]`
    pub(crate) fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        x * self.gamma.val().unsqueeze() + self.beta.val().unsqueeze()
    }

    /// # Shapes
    /// - `forecast` and output: `[B, horizon, C]`
    pub(crate) fn undo(&self, forecast: Tensor<3>) -> Tensor<3> {
        (forecast - self.beta.val().unsqueeze()) / self.gamma.val().unsqueeze()
    }
}
