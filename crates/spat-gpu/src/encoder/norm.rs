//! The end of a post-norm sublayer: `LayerNorm(x + drop(branch))` (arXiv 1607.06450).

use spat_cpu::Dropout;

use super::dispatch::{Dispatch, dropout_words, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::Stage;

/// Invocations that share a row, or a column.
const LANES: usize = 8;

/// What [`add_norm`] gives, and what its backward pass needs.
#[derive(Debug, Clone)]
pub struct Normed {
    /// `γ · x̂ + β`.
    pub output: Buffer,
    /// `x̂ = (s − mean) / √(variance + ε)` of each row of `s = x + drop(branch)`.
    pub normal: Buffer,
    /// `1 / √(variance + ε)` of each row.
    pub inverse: Buffer,
}

/// Gradients of [`add_norm`]'s inputs.
#[derive(Debug, Clone)]
pub struct NormGradients {
    /// Of `x`.
    pub x: Buffer,
    /// Of `branch`, where a dropout makes it another than that of `x`.
    pub branch: Option<Buffer>,
    /// Of γ.
    pub gamma: Buffer,
    /// Of β.
    pub beta: Buffer,
}

/// The launches of [`add_norm`], and of [`add_norm_backward`]: gradients of the rows, then of γ and β.
pub fn norm_dispatches(
    rows: usize,
    width: usize,
    with_branch: bool,
    dropout: Option<Dropout>,
    epsilon: f32,
) -> [Dispatch; 3] {
    [
        (Stage::AddNormRows, rows),
        (Stage::AddNormBackward, rows),
        (Stage::SumNormColumns, width),
    ]
    .map(|(stage, lines)| {
        Dispatch::new(stage, groups(lines * LANES), |groups_x| {
            let sizes = [
                size(rows),
                size(width),
                groups_x,
                with_branch.into(),
                epsilon.to_bits(),
                0,
                0,
                0,
            ];
            [&dropout_words(dropout)[..], &sizes].concat()
        })
    })
}

/// `LayerNorm(x + drop(branch))` over rows as wide as `gamma`.
pub fn add_norm(
    x: &Buffer,
    branch: Option<&Buffer>,
    dropout: Option<Dropout>,
    gamma: &Buffer,
    beta: &Buffer,
    epsilon: f32,
) -> Normed {
    let (count, width) = (x.length(), gamma.length());
    let normed = Normed {
        output: x.beside(count),
        normal: x.beside(count),
        inverse: x.beside(count / width),
    };
    let [forward, ..] = norm_dispatches(count / width, width, branch.is_some(), dropout, epsilon);
    // Something is bound in any case.
    let none = branch.is_none().then(|| x.beside(1));
    let branch = branch.or(none.as_ref()).unwrap_or(x);
    forward.launch(&[
        In(x.values()),
        In(branch.values()),
        In(gamma.values()),
        In(beta.values()),
        Out(normed.output.values()),
        Out(normed.normal.values()),
        Out(normed.inverse.values()),
    ]);
    normed
}

/// The backward pass of [`add_norm`], from what it gave.
pub fn add_norm_backward(
    normal: &Buffer,
    inverse: &Buffer,
    gradient: &Buffer,
    dropout: Option<Dropout>,
    gamma: &Buffer,
) -> NormGradients {
    let (count, width) = (gradient.length(), gamma.length());
    // One that drops nothing leaves the branch's gradient that of x.
    let dropout = dropout.filter(|dropout| dropout.words()[2] > 0);
    let gradients = NormGradients {
        x: gradient.beside(count),
        branch: dropout.map(|_| gradient.beside(count)),
        gamma: gradient.beside(width),
        beta: gradient.beside(width),
    };
    let [_, of_rows, of_columns] =
        norm_dispatches(count / width, width, dropout.is_some(), dropout, 0.0);
    let none = gradient.beside(1);
    of_rows.launch(&[
        In(gradient.values()),
        In(normal.values()),
        In(inverse.values()),
        In(gamma.values()),
        Out(gradients.x.values()),
        Out(gradients.branch.as_ref().unwrap_or(&none).values()),
    ]);
    of_columns.launch(&[
        In(gradient.values()),
        In(normal.values()),
        Out(gradients.gamma.values()),
        Out(gradients.beta.values()),
    ]);
    gradients
}
