//! The end of a post-norm sublayer: `LayerNorm(x + drop(branch))` (arXiv 1607.06450).

use crate::dropout::Dropout;
use crate::fresh::{Fresh, blocks_or_empty};
use crate::profile::timed;
use crate::sums::{sum_of, total};
use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorised;

/// Outputs of [`add_norm`], including those that its backward pass needs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Normed {
    /// `γ · x̂ + β`.
    pub output: Vec<f32>,
    /// `x̂ = (s − mean) / √(variance + ε)` of each row of `s = x + drop(branch)`.
    pub normal: Vec<f32>,
    /// `1 / √(variance + ε)` of each row.
    pub inverse: Vec<f32>,
}

/// Gradients of the inputs of [`add_norm`].
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// Of `x`.
    pub x: Vec<f32>,
    /// Of `branch`, if a dropout makes it differ from that of `x`.
    pub branch: Option<Vec<f32>>,
    /// Of γ.
    pub gamma: Vec<f32>,
    /// Of β.
    pub beta: Vec<f32>,
}

impl Normed {
    /// The values. Panics unless all blocks of the three were written.
    pub(crate) fn of([output, normal, inverse]: [Fresh; 3]) -> Self {
        Self {
            output: output.into_values(),
            normal: normal.into_values(),
            inverse: inverse.into_values(),
        }
    }

    /// Buffers for `rows` rows of `width` values.
    pub(crate) fn fresh(rows: usize, width: usize) -> [Fresh; 3] {
        [rows * width, rows * width, rows].map(Fresh::new)
    }
}

/// `LayerNorm(x + drop(branch))` over rows as wide as `gamma`.
pub fn add_norm(
    x: &[f32],
    branch: Option<&[f32]>,
    dropout: Option<Dropout>,
    gamma: &[f32],
    beta: &[f32],
    epsilon: f32,
) -> Normed {
    let _timed = timed("add and norm");
    let width = gamma.len();
    let mut normed = Normed::fresh(x.len() / width, width);
    let [output, normal, inverse] = &mut normed;
    let rows = block_rows(width);
    let values = rows * width;
    let blocks = output
        .blocks(values)
        .zip(normal.blocks(values).zip(inverse.blocks(rows)))
        .zip(x.chunks(values))
        .enumerate();
    each_block(
        x.len() * 2,
        blocks,
        |(block, ((output, (normal, inverse)), x))| {
            let first = block * values;
            let normal = normal.copied(x);
            if let Some(branch) = branch {
                add_branch(normal, &branch[first..first + x.len()], dropout, first);
            }
            norm_rows(
                output.cleared(),
                normal,
                inverse.cleared(),
                gamma,
                beta,
                epsilon,
            );
        },
    );
    Normed::of(normed)
}

vectorised! {
    /// `sum ← sum + drop(branch)`, where `first` is the dropout index of the first value.
    pub(crate) fn add_branch(
        sum: &mut [f32],
        branch: &[f32],
        dropout: Option<Dropout>,
        first: usize,
    ) {
        let values = sum.iter_mut().zip(branch);
        match dropout {
            None => {
                for (sum, branch) in values {
                    *sum += branch;
                }
            }
            Some(dropout) => {
                for (place, (sum, branch)) in values.enumerate() {
                    *sum += branch * dropout.factor(first + place);
                }
            }
        }
    }
}

vectorised! {
    /// `normal` holds the sums on entry; computes `x̂`, the inverse deviations and `γ · x̂ + β`.
    pub(crate) fn norm_rows(
        output: &mut [f32],
        normal: &mut [f32],
        inverse: &mut [f32],
        gamma: &[f32],
        beta: &[f32],
        epsilon: f32,
    ) {
        let width = gamma.len();
        let rows = output
            .chunks_exact_mut(width)
            .zip(normal.chunks_exact_mut(width))
            .zip(inverse);
        for ((output, row), inverse) in rows {
            let mean = sum_of(row, row, |value, _| value) / width as f32;
            for value in &mut *row {
                *value -= mean;
            }
            let variance = sum_of(row, row, |value, _| value * value) / width as f32;
            *inverse = 1.0 / (variance + epsilon).sqrt();
            let values = output.iter_mut().zip(row).zip(gamma.iter().zip(beta));
            for ((output, value), (gamma, beta)) in values {
                *value *= *inverse;
                *output = *value * gamma + beta;
            }
        }
    }
}

/// The backward pass of [`add_norm`]: with `g = γ ∂L/∂y`,
/// `∂L/∂s = (g − mean(g) − x̂ mean(g x̂)) / √(variance + ε)`.
pub fn add_norm_backward(
    normed: &Normed,
    gradient: &[f32],
    dropout: Option<Dropout>,
    gamma: &[f32],
) -> NormGradients {
    let _timed = timed("add and norm, backward");
    let width = gamma.len();
    let count = gradient.len();
    let mut x = Fresh::new(count);
    let mut branch = dropout.map(|_| Fresh::new(count));
    let rows = block_rows(width);
    let values = rows * width;
    let branches = blocks_or_empty(branch.as_mut(), count, values);
    let blocks = x
        .blocks(values)
        .zip(branches)
        .zip(gradient.chunks(values).zip(normed.normal.chunks(values)))
        .zip(normed.inverse.chunks(rows))
        .enumerate();
    let partial = each_block(
        count * 2,
        blocks,
        |(block, (((x, branch), (gradient, normal)), inverse))| {
            let x = x.cleared();
            let (mut of_gamma, mut of_beta) = (vec![0.0; width], vec![0.0; width]);
            norm_rows_backward(
                x,
                gradient,
                normal,
                inverse,
                gamma,
                &mut of_gamma,
                &mut of_beta,
            );
            if dropout.is_some() {
                add_branch(branch.cleared(), x, dropout, block * values);
            }
            (of_gamma, of_beta)
        },
    );
    let (of_gamma, of_beta) = partial.into_iter().unzip();
    NormGradients {
        x: x.into_values(),
        branch: branch.map(Fresh::into_values),
        gamma: total(of_gamma, width),
        beta: total(of_beta, width),
    }
}

vectorised! {
    /// `x ← ∂L/∂s` of each row; adds to the gradients of γ and β.
    pub(crate) fn norm_rows_backward(
        x: &mut [f32],
        gradient: &[f32],
        normal: &[f32],
        inverse: &[f32],
        gamma: &[f32],
        of_gamma: &mut [f32],
        of_beta: &mut [f32],
    ) {
        let width = gamma.len();
        let rows = x
            .chunks_exact_mut(width)
            .zip(gradient.chunks_exact(width))
            .zip(normal.chunks_exact(width))
            .zip(inverse);
        for (((x, gradient), normal), &inverse) in rows {
            let inputs = gradient.iter().zip(normal).zip(gamma);
            let sums = of_gamma.iter_mut().zip(&mut *of_beta);
            for ((x, ((gradient, normal), gamma)), (of_gamma, of_beta)) in
                x.iter_mut().zip(inputs).zip(sums)
            {
                *of_gamma += gradient * normal;
                *of_beta += gradient;
                *x = gradient * gamma;
            }
            let mean = sum_of(x, x, |value, _| value) / width as f32;
            let along = sum_of(x, normal, |value, normal| value * normal) / width as f32;
            for (x, normal) in x.iter_mut().zip(normal) {
                *x = (*x - mean - normal * along) * inverse;
            }
        }
    }
}
