//! The end of a post-norm sublayer.

use burn::nn::LayerNorm;
use burn::tensor::Tensor;
use spat_cpu::Dropout;
use spat_gpu::Buffer;
use spat_gpu::encoder::{NormGradients, Normed, add_norm as forward, add_norm_backward};

use super::node::{Operand, Saved, output};
use crate::layers::NORM_EPSILON as EPSILON;

/// `norm(x + drop(branch))`, or `norm(x)` without a branch.
///
/// # Shapes
/// - `x`, `branch` and output: `[rows, width]`
pub(in super::super) fn add_norm(
    x: &Tensor<2>,
    branch: Option<&Tensor<2>>,
    dropout: Option<Dropout>,
    norm: &LayerNorm,
) -> Option<Tensor<2>> {
    let first = Operand::of(x)?;
    let second = match branch {
        Some(branch) => Operand::of(branch)?,
        None => Operand::absent(&first),
    };
    let operands = [
        first,
        second,
        Operand::of(&norm.gamma.val())?,
        Operand::of(&norm.beta.as_ref()?.val())?,
    ];
    let [values, other, gamma, beta] = operands.each_ref().map(|operand| operand.values.clone());
    let Normed {
        output: result,
        normal,
        inverse,
    } = forward(
        &values,
        branch.map(|_| &other),
        dropout,
        &gamma,
        &beta,
        EPSILON as f32,
    );
    let saved = Forward {
        normal,
        inverse,
        gamma,
        dropout,
    };
    Some(output(operands, result, x.dims(), saved))
}

#[derive(Debug, Clone)]
struct Forward {
    normal: Buffer,
    inverse: Buffer,
    gamma: Buffer,
    dropout: Option<Dropout>,
}

impl Saved<4> for Forward {
    fn gradients(&self, gradient: &Buffer, wanted: [bool; 4]) -> [Option<Buffer>; 4] {
        let NormGradients {
            x,
            branch,
            gamma,
            beta,
        } = add_norm_backward(
            &self.normal,
            &self.inverse,
            gradient,
            self.dropout,
            &self.gamma,
        );
        // Without dropout the branch's gradient is that of x.
        let branch = wanted[1].then(|| branch.unwrap_or_else(|| x.clone()));
        [Some(x), branch, Some(gamma), Some(beta)]
    }
}
