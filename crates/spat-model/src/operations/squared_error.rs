//! The loss.

use burn::tensor::Tensor;
use spat_cpu::{mean_squared_error as forward, mean_squared_error_backward};

use super::gpu;
use super::node::{Operand, Saved, Values, output};

/// The mean of `(forecast − truth)²` over all values, `[1]`. The truth gets no gradient.
///
/// # Shapes
/// - `forecast` and `truth`: `[B, horizon, C]`
pub fn mean_squared_error(forecast: Tensor<3>, truth: Tensor<3>) -> Tensor<1> {
    on_cpu(&forecast, &truth)
        .or_else(|| gpu::mean_squared_error(&forecast, &truth))
        .unwrap_or_else(|| plain(forecast, truth))
}

/// The operation on the CPU; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(forecast: &Tensor<3>, truth: &Tensor<3>) -> Option<Tensor<1>> {
    let forecast = Operand::of(forecast.clone())?;
    let saved = Inputs {
        forecast: forecast.values(),
        truth: Operand::of(truth.clone())?.values(),
    };
    let loss = forward(saved.forecast.slice(), saved.truth.slice());
    Some(output([forecast], vec![loss], [1], saved))
}

pub(super) fn plain(forecast: Tensor<3>, truth: Tensor<3>) -> Tensor<1> {
    (forecast - truth).square().mean()
}

#[derive(Debug, Clone)]
struct Inputs {
    forecast: Values,
    truth: Values,
}

impl Saved<1> for Inputs {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 1]) -> [Option<Vec<f32>>; 1] {
        let gradient = gradient.first().copied().unwrap_or_default();
        [Some(mean_squared_error_backward(
            self.forecast.slice(),
            self.truth.slice(),
            gradient,
        ))]
    }
}
