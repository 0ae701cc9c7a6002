//! The mean squared error.

use burn::tensor::Tensor;
use spat_gpu::Buffer;
use spat_gpu::encoder::{errors_backward, mean_squared_error as forward};

use super::node::{Operand, Saved, output};

/// The mean of `(forecast − truth)²`. Also `None` if the truth needs a gradient.
pub(in super::super) fn mean_squared_error<const D: usize>(
    forecast: &Tensor<D>,
    truth: &Tensor<D>,
) -> Option<Tensor<1>> {
    let (operand, truth) = (Operand::of(forecast)?, Operand::of(truth)?);
    if truth.is_tracked() {
        return None;
    }
    let saved = Pair {
        forecast: operand.values.clone(),
        truth: truth.values,
    };
    let mean = forward(&saved.forecast, &saved.truth);
    Some(output([operand], mean, [1], saved))
}

#[derive(Debug, Clone)]
struct Pair {
    forecast: Buffer,
    truth: Buffer,
}

impl Saved<1> for Pair {
    fn gradients(&self, gradient: &Buffer, _wanted: [bool; 1]) -> [Option<Buffer>; 1] {
        [Some(errors_backward(&self.forecast, &self.truth, gradient))]
    }
}
