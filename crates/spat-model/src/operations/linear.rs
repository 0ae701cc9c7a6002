//! `y = x W + b`, with an optional activation function and dropout.

use std::sync::Arc;

use burn::nn::Linear;
use burn::tensor::{Tensor, activation};
use spat_cpu::{
    Activation, Dropout, Finish, LinearGradients, LinearOutput, linear as forward, linear_backward,
    linear_backward_input,
};

use super::gpu;
use super::node::{Operand, Saved, Values, is_tracked, output};

/// # Shapes
/// - `x`: `[rows, inputs]`
/// - output: `[rows, outputs]`
pub(crate) fn linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    finished_linear(layer, x, Finish::default())
}

/// The layer with dropout on its output.
pub(crate) fn linear_dropout(layer: &Linear, x: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
    let activation = None;
    finished_linear(
        layer,
        x,
        Finish {
            activation,
            dropout,
        },
    )
}

/// The layer, the exact GELU, and dropout.
pub(crate) fn linear_gelu(layer: &Linear, x: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
    let activation = Some(Activation::Gelu);
    finished_linear(
        layer,
        x,
        Finish {
            activation,
            dropout,
        },
    )
}

/// The layer, and a leaky ReLU with this slope below 0; a ReLU if the slope is 0.
pub(crate) fn linear_relu(layer: &Linear, x: Tensor<2>, slope: f32) -> Tensor<2> {
    let activation = Some(Activation::LeakyRelu { slope });
    let dropout = None;
    finished_linear(
        layer,
        x,
        Finish {
            activation,
            dropout,
        },
    )
}

fn finished_linear(layer: &Linear, x: Tensor<2>, finish: Finish) -> Tensor<2> {
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    linear_with(layer.weight.val(), bias, x, finish)
}

/// The layer of these weights `[inputs, outputs]` and biases, and what follows it.
pub(crate) fn linear_with(
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    x: Tensor<2>,
    finish: Finish,
) -> Tensor<2> {
    on_cpu(&x, &weight, bias.as_ref(), finish)
        .or_else(|| gpu::linear(&x, &weight, bias.as_ref(), finish))
        .unwrap_or_else(|| plain(burn::tensor::module::linear(x, weight, bias), finish))
}

pub(super) fn plain(y: Tensor<2>, finish: Finish) -> Tensor<2> {
    let y = match finish.activation {
        None => y,
        Some(Activation::Gelu) => activation::gelu(y),
        Some(Activation::LeakyRelu { slope }) => activation::leaky_relu(y, slope.into()),
    };
    super::dropout(y, finish.dropout)
}

/// The layer on the CPU; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(
    x: &Tensor<2>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
    finish: Finish,
) -> Option<Tensor<2>> {
    let (rows, [inputs, outputs]) = (x.dims()[0], weight.dims());
    let operands = [
        Operand::of(x.clone())?,
        Operand::of(weight.clone())?,
        match bias {
            Some(bias) => Operand::of(bias.clone())?,
            None => Operand::absent(),
        },
    ];
    let [x, weight, other] = operands.each_ref().map(Operand::values);
    let bias = bias.map(|_| other.slice());
    let keep = is_tracked(&operands);
    let LinearOutput { y, before } = forward(x.slice(), weight.slice(), bias, inputs, finish, keep);
    let saved = Inputs {
        x,
        weight,
        before: before.map(Arc::new),
        inputs,
        finish,
    };
    Some(output(operands, y, [rows, outputs], saved))
}

#[derive(Debug, Clone)]
struct Inputs {
    x: Values,
    weight: Values,
    before: Option<Arc<Vec<f32>>>,
    inputs: usize,
    finish: Finish,
}

impl Saved<3> for Inputs {
    fn gradients(&self, gradient: &[f32], wanted: [bool; 3]) -> [Option<Vec<f32>>; 3] {
        let before = self.before.as_ref().map(|before| before.as_slice());
        let weight = self.weight.slice();
        if let [true, false, false] = wanted {
            let x = linear_backward_input(weight, before, gradient, self.inputs, self.finish);
            return [Some(x), None, None];
        }
        let LinearGradients { x, weight, bias } = linear_backward(
            self.x.slice(),
            weight,
            before,
            gradient,
            self.inputs,
            self.finish,
            wanted[0],
        );
        [x, Some(weight), Some(bias)]
    }
}
