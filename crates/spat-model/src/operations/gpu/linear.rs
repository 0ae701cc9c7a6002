//! `y = x W + b`, with an optional activation function and dropout.

use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;
use spat_cpu::{Activation, Finish};
use spat_gpu::Buffer;
use spat_gpu::encoder::{
    LinearGradients, linear as forward, linear_backward, linear_backward_input,
};

use super::gelu::{dropout, gelu};
use super::node::{Operand, Saved, output};

/// `x W + b` and the operations after it.
pub(in super::super) fn linear(
    x: &Tensor<2>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
    finish: Finish,
) -> Option<Tensor<2>> {
    let (rows, [inputs, outputs]) = (x.dims()[0], weight.dims());
    let x = Operand::of(x)?;
    let operands = match bias {
        Some(bias) => [Operand::of(bias)?, Operand::of(weight)?, x],
        None => [Operand::absent(&x), Operand::of(weight)?, x],
    };
    let [other, weight, x] = operands.each_ref().map(|operand| operand.values.clone());
    let values = forward(&x, &weight, bias.map(|_| &other), inputs);
    let saved = Inputs { x, weight, inputs };
    let y = output(operands, values, [rows, outputs], saved);
    let y = match finish.activation {
        Some(Activation::Gelu) => return gelu(&y, finish.dropout),
        Some(Activation::LeakyRelu { slope }) => leaky_relu(y, slope.into()),
        None => y,
    };
    match finish.dropout {
        Some(drop) => dropout(&y, drop),
        None => Some(y),
    }
}

#[derive(Debug, Clone)]
struct Inputs {
    x: Buffer,
    weight: Buffer,
    inputs: usize,
}

impl Saved<3> for Inputs {
    fn gradients(&self, gradient: &Buffer, wanted: [bool; 3]) -> [Option<Buffer>; 3] {
        if let [false, false, true] = wanted {
            let x = linear_backward_input(&self.weight, gradient, self.inputs);
            return [None, None, Some(x)];
        }
        let LinearGradients { x, weight, bias } =
            linear_backward(&self.x, &self.weight, gradient, self.inputs, wanted[2]);
        [Some(bias), Some(weight), x]
    }
}
