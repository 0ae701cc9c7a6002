//! The end of a post-norm sublayer: `LayerNorm(x + drop(branch))` (arXiv 1607.06450).

use crate::dropout::Dropout;
use crate::sums::{sum_of, total};
use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorise;

/// What [`add_norm`] gives, and what its backward pass needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Normed {
    /// `γ · x̂ + β`.
    pub output: Vec<f32>,
    /// `x̂ = (s − mean) / √(variance + ε)` of each row of `s = x + drop(branch)`.
    pub normal: Vec<f32>,
    /// `1 / √(variance + ε)` of each row.
    pub inverse: Vec<f32>,
}

/// Gradients of [`add_norm`]'s inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// Of `x`.
    pub x: Vec<f32>,
    /// Of `branch`, where a dropout makes it another than that of `x`.
    pub branch: Option<Vec<f32>>,
    /// Of γ.
    pub gamma: Vec<f32>,
    /// Of β.
    pub beta: Vec<f32>,
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
    let width = gamma.len();
    let mut normed = Normed {
        output: vec![0.0; x.len()],
        normal: vec![0.0; x.len()],
        inverse: vec![0.0; x.len() / width],
    };
    let rows = block_rows(width);
    let values = rows * width;
    let blocks = normed
        .output
        .chunks_mut(values)
        .zip(normed.normal.chunks_mut(values))
        .zip(normed.inverse.chunks_mut(rows))
        .enumerate();
    each_block(x.len(), blocks, |(block, ((output, normal), inverse))| {
        let first = block * values;
        vectorise(|| {
            let rows = output
                .chunks_exact_mut(width)
                .zip(normal.chunks_exact_mut(width))
                .zip(inverse);
            for (row, ((output, normal), inverse)) in rows.enumerate() {
                let start = first + row * width;
                add_branch(normal, x, branch, dropout, start);
                *inverse = normalise(normal, epsilon);
                for (((output, normal), gamma), beta) in
                    output.iter_mut().zip(&*normal).zip(gamma).zip(beta)
                {
                    *output = normal * gamma + beta;
                }
            }
        });
    });
    normed
}

/// `sum ← x + drop(branch)` for the row that starts at `start`.
#[inline(always)]
fn add_branch(
    sum: &mut [f32],
    x: &[f32],
    branch: Option<&[f32]>,
    dropout: Option<Dropout>,
    start: usize,
) {
    let x = &x[start..start + sum.len()];
    match (branch, dropout) {
        (None, _) => sum.copy_from_slice(x),
        (Some(branch), None) => {
            let branch = &branch[start..start + sum.len()];
            for ((sum, x), branch) in sum.iter_mut().zip(x).zip(branch) {
                *sum = x + branch;
            }
        }
        (Some(branch), Some(dropout)) => {
            let branch = &branch[start..start + sum.len()];
            for (place, ((sum, x), branch)) in sum.iter_mut().zip(x).zip(branch).enumerate() {
                *sum = x + branch * dropout.factor(start + place);
            }
        }
    }
}

/// `row ← (row − mean) / √(variance + ε)`; gives the inverse.
#[inline(always)]
fn normalise(row: &mut [f32], epsilon: f32) -> f32 {
    let width = row.len() as f32;
    let mean = sum_of(row.len(), |place| row[place]) / width;
    for value in &mut *row {
        *value -= mean;
    }
    let variance = sum_of(row.len(), |place| row[place] * row[place]) / width;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    for value in row {
        *value *= inverse;
    }
    inverse
}

/// The backward pass of [`add_norm`]: with `g = γ ∂L/∂y`,
/// `∂L/∂s = (g − mean(g) − x̂ mean(g x̂)) / √(variance + ε)`.
pub fn add_norm_backward(
    normed: &Normed,
    gradient: &[f32],
    dropout: Option<Dropout>,
    gamma: &[f32],
) -> NormGradients {
    let width = gamma.len();
    let count = gradient.len();
    let mut x = vec![0.0; count];
    let mut branch = dropout.map(|_| vec![0.0; count]);
    let rows = block_rows(width);
    let values = rows * width;
    let branches: Vec<&mut [f32]> = match &mut branch {
        Some(branch) => branch.chunks_mut(values).collect(),
        None => (0..count.div_ceil(values)).map(|_| &mut [][..]).collect(),
    };
    let blocks = x
        .chunks_mut(values)
        .zip(branches)
        .zip(gradient.chunks(values).zip(normed.normal.chunks(values)))
        .zip(normed.inverse.chunks(rows))
        .enumerate();
    let partial = each_block(
        count,
        blocks,
        |(block, (((x, branch), (gradient, normal)), inverse))| {
            let (mut of_gamma, mut of_beta) = (vec![0.0; width], vec![0.0; width]);
            vectorise(|| {
                let rows = x
                    .chunks_exact_mut(width)
                    .zip(gradient.chunks_exact(width))
                    .zip(normal.chunks_exact(width))
                    .zip(inverse);
                for (((x, gradient), normal), &inverse) in rows {
                    for place in 0..width {
                        of_gamma[place] += gradient[place] * normal[place];
                        of_beta[place] += gradient[place];
                        x[place] = gradient[place] * gamma[place];
                    }
                    let mean = sum_of(width, |place| x[place]) / width as f32;
                    let along = sum_of(width, |place| x[place] * normal[place]) / width as f32;
                    for (x, normal) in x.iter_mut().zip(normal) {
                        *x = (*x - mean - normal * along) * inverse;
                    }
                }
                if let Some(dropout) = dropout {
                    for (place, (branch, x)) in branch.iter_mut().zip(&*x).enumerate() {
                        *branch = x * dropout.factor(block * values + place);
                    }
                }
            });
            (of_gamma, of_beta)
        },
    );
    let (of_gamma, of_beta) = partial.into_iter().unzip();
    NormGradients {
        x,
        branch,
        gamma: total(of_gamma, width),
        beta: total(of_beta, width),
    }
}
