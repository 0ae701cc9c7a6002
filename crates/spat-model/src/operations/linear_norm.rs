//! The end of a sublayer: a linear layer, dropout, the residual and the norm.

use std::sync::Arc;

use burn::nn::{LayerNorm, Linear};
use burn::tensor::Tensor;
use spat_cpu::{
    Dropout, LinearNormGradients, LinearNormInputs, Normed, linear_add_norm as forward,
    linear_add_norm_backward,
};

use super::node::{Operand, Saved, Values, output};
use super::{add_norm, linear};
use crate::layers::NORM_EPSILON as EPSILON;

/// `norm(x + drop(z W + b))`.
///
/// # Shapes
/// - `x` and output: `[rows, width]`
/// - `z`: `[rows, inputs]`
pub(crate) fn linear_add_norm(
    layer: &Linear,
    x: Tensor<2>,
    z: Tensor<2>,
    dropout: Option<Dropout>,
    norm: &LayerNorm,
) -> Tensor<2> {
    on_cpu(layer, &x, &z, dropout, norm)
        .unwrap_or_else(|| add_norm(x, Some(linear(layer, z)), dropout, norm))
}

/// The operation on the CPU; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(
    layer: &Linear,
    x: &Tensor<2>,
    z: &Tensor<2>,
    dropout: Option<Dropout>,
    norm: &LayerNorm,
) -> Option<Tensor<2>> {
    let operands = [
        Operand::of(x.clone())?,
        Operand::of(z.clone())?,
        Operand::of(layer.weight.val())?,
        Operand::of(layer.bias.as_ref()?.val())?,
        Operand::of(norm.gamma.val())?,
        Operand::of(norm.beta.as_ref()?.val())?,
    ];
    let [values, z, weight, bias, gamma, beta] = operands.each_ref().map(Operand::values);
    let mut saved = Forward {
        z,
        weight,
        bias,
        gamma,
        beta,
        dropout,
        normed: Arc::default(),
    };
    let mut normed = forward(values.slice(), &saved.inputs());
    let result = std::mem::take(&mut normed.output);
    saved.normed = Arc::new(normed);
    Some(output(operands, result, x.dims(), saved))
}

#[derive(Debug, Clone)]
struct Forward {
    z: Values,
    weight: Values,
    bias: Values,
    gamma: Values,
    beta: Values,
    dropout: Option<Dropout>,
    /// Results of the normalisation, without its output.
    normed: Arc<Normed>,
}

impl Forward {
    fn inputs(&self) -> LinearNormInputs<'_> {
        LinearNormInputs {
            z: self.z.slice(),
            weight: self.weight.slice(),
            bias: self.bias.slice(),
            gamma: self.gamma.slice(),
            beta: self.beta.slice(),
            dropout: self.dropout,
            epsilon: EPSILON as f32,
        }
    }
}

impl Saved<6> for Forward {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 6]) -> [Option<Vec<f32>>; 6] {
        let LinearNormGradients {
            x,
            z,
            weight,
            bias,
            gamma,
            beta,
        } = linear_add_norm_backward(&self.normed, gradient, &self.inputs());
        [x, z, weight, bias, gamma, beta].map(Some)
    }
}
