//! The end of a post-norm sublayer.

use std::sync::Arc;

use burn::nn::LayerNorm;
use burn::tensor::Tensor;
use spat_cpu::{Dropout, NormGradients, Normed, add_norm as forward, add_norm_backward};

use super::gpu;
use super::node::{Operand, Saved, Values, output};
use crate::layers::NORM_EPSILON as EPSILON;

/// `norm(x + drop(branch))`, or `norm(x)` without a branch.
///
/// # Shapes
/// - `x`, `branch` and output: `[rows, width]`
pub(crate) fn add_norm(
    x: Tensor<2>,
    branch: Option<Tensor<2>>,
    dropout: Option<Dropout>,
    norm: &LayerNorm,
) -> Tensor<2> {
    let dropout = dropout.filter(|_| branch.is_some());
    let on_cpu = || {
        Some([
            Operand::of(x.clone())?,
            match &branch {
                Some(branch) => Operand::of(branch.clone())?,
                None => Operand::absent(),
            },
            Operand::of(norm.gamma.val())?,
            Operand::of(norm.beta.as_ref()?.val())?,
        ])
    };
    let Some(operands) = on_cpu() else {
        return gpu::add_norm(&x, branch.as_ref(), dropout, norm)
            .unwrap_or_else(|| plain(x, branch, dropout, norm));
    };
    let [values, other, gamma, beta] = operands.each_ref().map(Operand::values);
    let mut normed = forward(
        values.slice(),
        branch.is_some().then(|| other.slice()),
        dropout,
        gamma.slice(),
        beta.slice(),
        EPSILON as f32,
    );
    let result = std::mem::take(&mut normed.output);
    let saved = Forward {
        normed: Arc::new(normed),
        gamma,
        dropout,
    };
    output(operands, result, x.dims(), saved)
}

pub(super) fn plain(
    x: Tensor<2>,
    branch: Option<Tensor<2>>,
    dropout: Option<Dropout>,
    norm: &LayerNorm,
) -> Tensor<2> {
    norm.forward(match branch {
        Some(branch) => x + super::dropout(branch, dropout),
        None => x,
    })
}

#[derive(Debug, Clone)]
struct Forward {
    /// Results of the normalisation, without its output.
    normed: Arc<Normed>,
    gamma: Values,
    dropout: Option<Dropout>,
}

impl Saved<4> for Forward {
    fn gradients(&self, gradient: &[f32], wanted: [bool; 4]) -> [Option<Vec<f32>>; 4] {
        let NormGradients {
            x,
            branch,
            gamma,
            beta,
        } = add_norm_backward(&self.normed, gradient, self.dropout, self.gamma.slice());
        // Without dropout the branch's gradient is that of x.
        let branch = wanted[1].then(|| branch.unwrap_or_else(|| x.clone()));
        [Some(x), branch, Some(gamma), Some(beta)]
    }
}
