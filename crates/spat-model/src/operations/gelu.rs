//! The exact GELU and the dropout after it.

use burn::tensor::{Tensor, activation};
use spat_kernels::{Dropout, gelu as forward, gelu_backward};

use super::gpu;
use super::node::{Operand, Saved, Values, output};

/// `drop(gelu(x))`, in the shape of `x`.
pub(crate) fn gelu(x: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
    let Some(operand) = Operand::of(x.clone()) else {
        return gpu::gelu(&x, dropout).unwrap_or_else(|| plain(x, dropout));
    };
    let input = Input {
        x: operand.values(),
        dropout,
    };
    let values = forward(input.x.slice(), dropout);
    output([operand], values, x.dims(), input)
}

pub(super) fn plain(x: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
    super::dropout(activation::gelu(x), dropout)
}

#[derive(Debug, Clone)]
struct Input {
    x: Values,
    dropout: Option<Dropout>,
}

impl Saved<1> for Input {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 1]) -> [Option<Vec<f32>>; 1] {
        [Some(gelu_backward(self.x.slice(), gradient, self.dropout))]
    }
}
