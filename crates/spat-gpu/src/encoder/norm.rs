//! The end of a post-norm sublayer: `LayerNorm(x + drop(branch))` (arXiv 1607.06450).

use spat_cpu::Dropout;

use super::dispatch::{Dispatch, dropout_words, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::Stage;

/// Invocations that share a row or a column.
const LANES: usize = 8;

/// Outputs of [`add_norm`], including those that its backward pass needs.
#[derive(Debug, Clone)]
pub struct Normed {
    /// `γ · x̂ + β`.
    pub output: Buffer,
    /// `x̂ = (s − mean) / √(variance + ε)` of each row of `s = x + drop(branch)`.
    pub normal: Buffer,
    /// `1 / √(variance + ε)` of each row.
    pub inverse: Buffer,
}

/// Gradients of the inputs of [`add_norm`].
#[derive(Debug, Clone)]
pub struct NormGradients {
    /// Of `x`.
    pub x: Buffer,
    /// Of `branch`, if a dropout makes it differ from that of `x`.
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
        output: x.allocate_like(count),
        normal: x.allocate_like(count),
        inverse: x.allocate_like(count / width),
    };
    let [forward, ..] = norm_dispatches(count / width, width, branch.is_some(), dropout, epsilon);
    // The binding needs a buffer, even if it is unused.
    let none = branch.is_none().then(|| x.allocate_like(1));
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

/// The backward pass of [`add_norm`], from its outputs.
pub fn add_norm_backward(
    normal: &Buffer,
    inverse: &Buffer,
    gradient: &Buffer,
    dropout: Option<Dropout>,
    gamma: &Buffer,
) -> NormGradients {
    let (count, width) = (gradient.length(), gamma.length());
    // Without dropout the branch's gradient is that of x.
    let dropout = dropout.filter(|dropout| dropout.words()[2] > 0);
    let gradients = NormGradients {
        x: gradient.allocate_like(count),
        branch: dropout.map(|_| gradient.allocate_like(count)),
        gamma: gradient.allocate_like(width),
        beta: gradient.allocate_like(width),
    };
    let [_, of_rows, of_columns] =
        norm_dispatches(count / width, width, dropout.is_some(), dropout, 0.0);
    let none = gradient.allocate_like(1);
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
