//! The exact GELU followed by dropout, and dropout alone.

use burn::tensor::Tensor;
use spat_cpu::Dropout;
use spat_gpu::Buffer;
use spat_gpu::encoder::{drop_values, gelu as forward, gelu_backward};

use super::node::{Operand, Saved, output};

/// `drop(gelu(x))`, in the shape of `x`.
pub(in super::super) fn gelu(x: &Tensor<2>, dropout: Option<Dropout>) -> Option<Tensor<2>> {
    let operand = Operand::of(x)?;
    let input = Input {
        x: operand.values.clone(),
        dropout,
    };
    let values = forward(&input.x, dropout);
    Some(output([operand], values, x.dims(), input))
}

#[derive(Debug, Clone)]
struct Input {
    x: Buffer,
    dropout: Option<Dropout>,
}

impl Saved<1> for Input {
    fn gradients(&self, gradient: &Buffer, _wanted: [bool; 1]) -> [Option<Buffer>; 1] {
        [Some(gelu_backward(&self.x, gradient, self.dropout))]
    }
}

/// Applies a dropout to `input`.
pub(in super::super) fn dropout<const D: usize>(
    input: &Tensor<D>,
    dropout: Dropout,
) -> Option<Tensor<D>> {
    let operand = Operand::of(input)?;
    let values = drop_values(&operand.values, dropout);
    Some(output([operand], values, input.dims(), Drop(dropout)))
}

#[derive(Debug, Clone)]
struct Drop(Dropout);

impl Saved<1> for Drop {
    fn gradients(&self, gradient: &Buffer, _wanted: [bool; 1]) -> [Option<Buffer>; 1] {
        [Some(drop_values(gradient, self.0))]
    }
}
