//! Query, key and value projections, side by side.

use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_cpu::{Projection, project as forward, project_backward};

use super::node::{Operand, Saved, Values, output};

/// `[x W_q + b_q | x W_k + b_k | x W_v + b_v]`, `[rows, 3 · H · w]`; `None` if the tensors are not on the
/// CPU.
pub(super) fn project(x: &Tensor<2>, layers: [&Linear; 3]) -> Option<Tensor<2>> {
    let [query, key, value] = layers;
    let width = query.weight.dims()[1];
    let operands = [
        Operand::of(x.clone())?,
        Operand::of(query.weight.val())?,
        Operand::of(query.bias.as_ref()?.val())?,
        Operand::of(key.weight.val())?,
        Operand::of(key.bias.as_ref()?.val())?,
        Operand::of(value.weight.val())?,
        Operand::of(value.bias.as_ref()?.val())?,
    ];
    let [values, parameters @ ..] = operands.each_ref().map(Operand::values);
    let saved = Inputs {
        x: values,
        parameters,
    };
    let projections = forward(saved.x.slice(), &saved.parts());
    Some(output(
        operands,
        projections,
        [x.dims()[0], 3 * width],
        saved,
    ))
}

#[derive(Debug, Clone)]
struct Inputs {
    x: Values,
    /// Weights and bias of each of the three.
    parameters: [Values; 6],
}

impl Inputs {
    fn parts(&self) -> [Projection<'_>; 3] {
        [0, 1, 2].map(|number| Projection {
            weight: self.parameters[2 * number].slice(),
            bias: self.parameters[2 * number + 1].slice(),
        })
    }
}

impl Saved<7> for Inputs {
    fn gradients(&self, gradient: &[f32], wanted: [bool; 7]) -> [Option<Vec<f32>>; 7] {
        let of = project_backward(self.x.slice(), &self.parts(), gradient, wanted[0]);
        let [query, key, value] = of.parts;
        [
            of.x,
            Some(query.weight),
            Some(query.bias),
            Some(key.weight),
            Some(key.bias),
            Some(value.weight),
            Some(value.bias),
        ]
    }
}
