//! The mean squared error.

use burn::tensor::Tensor;

use super::gpu;

/// The mean of `(forecast − truth)²`, one value.
pub fn mean_squared_error<const D: usize>(forecast: Tensor<D>, truth: Tensor<D>) -> Tensor<1> {
    gpu::mean_squared_error(&forecast, &truth).unwrap_or_else(|| (forecast - truth).square().mean())
}
