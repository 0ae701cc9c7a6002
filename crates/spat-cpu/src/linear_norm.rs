//! The fused end of a sublayer: `LayerNorm(x + drop(z W + b))`.

use crate::dropout::{Dropout, drop_values};
use crate::fresh::FreshBlock;
use crate::linear::{add_bias, times_transposed};
use crate::norm::{NormGradients, Normed, add_branch, add_norm_backward, norm_rows};
use crate::product::{each_row_block, rows_of_block, transposed_product};
use crate::profile::timed;
use crate::sums::sum_rows;

/// Inputs of [`linear_add_norm`] besides `x`.
#[derive(Debug, Clone, Copy)]
pub struct LinearNormInputs<'a> {
    /// z, `[rows × inputs]`.
    pub z: &'a [f32],
    /// W, `[inputs × width]`.
    pub weight: &'a [f32],
    /// b, `[width]`.
    pub bias: &'a [f32],
    /// γ, `[width]`.
    pub gamma: &'a [f32],
    /// β, `[width]`; the backward pass does not read it.
    pub beta: &'a [f32],
    /// Dropout on the branch.
    pub dropout: Option<Dropout>,
    /// ε.
    pub epsilon: f32,
}

/// Gradients of the inputs of [`linear_add_norm`].
#[derive(Debug, Clone, PartialEq)]
pub struct LinearNormGradients {
    /// Of `x`.
    pub x: Vec<f32>,
    /// Of `z`.
    pub z: Vec<f32>,
    /// Of W.
    pub weight: Vec<f32>,
    /// Of b.
    pub bias: Vec<f32>,
    /// Of γ.
    pub gamma: Vec<f32>,
    /// Of β.
    pub beta: Vec<f32>,
}

/// `LayerNorm(x + drop(z W + b))`, where `x` is `[rows × width]`. Rows of the product are normalised while
/// they are in cache.
pub fn linear_add_norm(x: &[f32], inputs: &LinearNormInputs<'_>) -> Normed {
    let _timed = timed("linear, add and norm");
    let width = inputs.gamma.len();
    let inner = inputs.weight.len() / width;
    let mut normed = Normed::fresh(x.len() / width, width);
    let [output, normal, inverse] = &mut normed;
    let rows = rows_of_block(x.len() / width, inputs.weight.len());
    let others = output
        .blocks(rows * width)
        .zip(inverse.blocks(rows))
        .zip(x.chunks(rows * width));
    let finish =
        |row: usize,
         sum: &mut [f32],
         ((output, inverse), x): ((FreshBlock<'_>, FreshBlock<'_>), &[f32])| {
            add_bias(sum, inputs.bias);
            if let Some(dropout) = inputs.dropout {
                drop_values(sum, dropout, row * width);
            }
            add_branch(sum, x, None, 0);
            norm_rows(
                output.cleared(),
                sum,
                inverse.cleared(),
                inputs.gamma,
                inputs.beta,
                inputs.epsilon,
            );
        };
    each_row_block(normal, inputs.z, inputs.weight, inner, others, finish);
    Normed::of(normed)
}

/// The backward pass of [`linear_add_norm`].
pub fn linear_add_norm_backward(
    normed: &Normed,
    gradient: &[f32],
    inputs: &LinearNormInputs<'_>,
) -> LinearNormGradients {
    let _timed = timed("linear, add and norm, backward");
    let width = inputs.gamma.len();
    let inner = inputs.weight.len() / width;
    let NormGradients {
        x,
        branch,
        gamma,
        beta,
    } = add_norm_backward(normed, gradient, inputs.dropout, inputs.gamma);
    let branch = branch.as_deref().unwrap_or(&x);
    LinearNormGradients {
        z: times_transposed(branch, inputs.weight, inner),
        weight: transposed_product(inputs.z, branch, x.len() / width),
        bias: sum_rows(branch, width),
        x,
        gamma,
        beta,
    }
}
