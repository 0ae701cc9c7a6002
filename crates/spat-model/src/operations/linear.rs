//! `y = x W + b`.

use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_kernels::{LinearGradients, linear as forward, linear_backward};

use super::gpu;
use super::node::{Operand, Saved, Values, output};

/// # Shapes
/// - `x`: `[rows, inputs]`
/// - output: `[rows, outputs]`
pub(crate) fn linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    let (weight, bias) = (
        layer.weight.val(),
        layer.bias.as_ref().map(|bias| bias.val()),
    );
    on_cpu(&x, &weight, bias.as_ref())
        .or_else(|| gpu::linear(&x, &weight, bias.as_ref()))
        .unwrap_or_else(|| layer.forward(x))
}

/// `x W + b`, if the tensors lie on the CPU.
pub(super) fn on_cpu(
    x: &Tensor<2>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
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
    let values = forward(x.slice(), weight.slice(), bias, inputs);
    let saved = Inputs { x, weight, inputs };
    Some(output(operands, values, [rows, outputs], saved))
}

#[derive(Debug, Clone)]
struct Inputs {
    x: Values,
    weight: Values,
    inputs: usize,
}

impl Saved<3> for Inputs {
    fn gradients(&self, gradient: &[f32], wanted: [bool; 3]) -> [Option<Vec<f32>>; 3] {
        let LinearGradients { x, weight, bias } = linear_backward(
            self.x.slice(),
            self.weight.slice(),
            gradient,
            self.inputs,
            wanted[0],
        );
        [x, Some(weight), Some(bias)]
    }
}
