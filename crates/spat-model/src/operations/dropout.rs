//! Dropout alone.

use burn::tensor::{Tensor, TensorData};
use spat_cpu::Dropout;

use super::gpu;
use super::node::{Operand, Saved, output};

/// Applies a dropout to `input`, if there is one.
pub(crate) fn dropout<const D: usize>(input: Tensor<D>, dropout: Option<Dropout>) -> Tensor<D> {
    let Some(dropout) = dropout else {
        return input;
    };
    let Some(operand) = Operand::of(input.clone()) else {
        return gpu::dropout(&input, dropout).unwrap_or_else(|| plain(input, dropout));
    };
    let values = dropout.apply(operand.values().slice());
    output([operand], values, input.dims(), dropout)
}

/// The mask of the dropout as a tensor.
pub(super) fn plain<const D: usize>(input: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    let shape = input.shape();
    let mask = dropout.mask(shape.num_elements());
    let mask = Tensor::from_data(TensorData::new(mask, shape), &input.device());
    input * mask
}

impl Saved<1> for Dropout {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 1]) -> [Option<Vec<f32>>; 1] {
        [Some(self.apply(gradient))]
    }
}
