//! `y = x W + b`, with an optional activation function and dropout.

use std::borrow::Cow;

use crate::activation::Activation;
use crate::dropout::{Dropout, drop_values};
use crate::fresh::{Fresh, blocks_or_empty};
use crate::product::{each_row_block, rows_of_block, transposed_product};
use crate::profile::timed;
use crate::sums::{add, sum_rows};
use crate::threads::{block_rows, each_block};
use crate::transpose::transposed;
use crate::vectorise::vectorised;

/// Operations applied to `x W + b`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Finish {
    /// Activation function.
    pub activation: Option<Activation>,
    /// Final dropout.
    pub dropout: Option<Dropout>,
}

/// Outputs of [`linear`].
#[derive(Debug, Clone, PartialEq)]
pub struct LinearOutput {
    /// `y = drop(f(x W + b))`, `[rows × outputs]`, without the operations that are off.
    pub y: Vec<f32>,
    /// `x W + b`, if an activation function follows and the backward pass needs it.
    pub before: Option<Vec<f32>>,
}

/// `x` is `[rows × inputs]`, `weight` `[inputs × outputs]`, `bias` (optional) `[outputs]`. `keep` is true
/// if a backward pass follows.
pub fn linear(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    inputs: usize,
    finish: Finish,
    keep: bool,
) -> LinearOutput {
    let _timed = timed("linear");
    let outputs = weight.len() / inputs;
    let count = x.len() / inputs * outputs;
    let mut y = Fresh::new(count);
    let mut before = (finish.activation.is_some() && keep).then(|| Fresh::new(count));
    let is_kept = before.is_some();
    let rows = rows_of_block(x.len() / inputs, weight.len());
    let kept = blocks_or_empty(before.as_mut(), count, rows * outputs);
    each_row_block(
        &mut y,
        x,
        weight,
        inputs,
        kept.into_iter(),
        |row, y, kept| {
            if let Some(bias) = bias {
                add_bias(y, bias);
            }
            let first = row * outputs;
            if let Some(activation) = finish.activation {
                if is_kept {
                    kept.copied(y);
                }
                activation.apply(y, finish.dropout, first);
            } else if let Some(dropout) = finish.dropout {
                drop_values(y, dropout, first);
            }
        },
    );
    LinearOutput {
        y: y.into_values(),
        before: before.map(Fresh::into_values),
    }
}

vectorised! {
    /// Adds `bias` to every row of `rows`.
    pub(crate) fn add_bias(rows: &mut [f32], bias: &[f32]) {
        for row in rows.chunks_exact_mut(bias.len()) {
            add(row, bias);
        }
    }
}

/// Gradients of the inputs of [`linear`], from `∂L/∂y`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearGradients {
    /// `∂L/∂x = ∂L/∂s Wᵀ` with `s = x W + b`, if requested.
    pub x: Option<Vec<f32>>,
    /// `∂L/∂W = xᵀ ∂L/∂s`.
    pub weight: Vec<f32>,
    /// `∂L/∂b`, the sum of the rows of `∂L/∂s`.
    pub bias: Vec<f32>,
}

/// `∂L/∂x` alone, for weights that are not trained; otherwise as [`linear_backward`].
pub fn linear_backward_input(
    weight: &[f32],
    before: Option<&[f32]>,
    gradient: &[f32],
    inputs: usize,
    finish: Finish,
) -> Vec<f32> {
    let _timed = timed("linear, backward");
    let gradient = before_finish(gradient, before, finish);
    times_transposed(&gradient, weight, inputs)
}

/// The backward pass of [`linear`]; `before` is its second output.
pub fn linear_backward(
    x: &[f32],
    weight: &[f32],
    before: Option<&[f32]>,
    gradient: &[f32],
    inputs: usize,
    finish: Finish,
    with_x: bool,
) -> LinearGradients {
    let _timed = timed("linear, backward");
    let outputs = weight.len() / inputs;
    let gradient = &*before_finish(gradient, before, finish);
    LinearGradients {
        x: with_x.then(|| times_transposed(gradient, weight, inputs)),
        weight: transposed_product(x, gradient, x.len() / inputs),
        bias: sum_rows(gradient, outputs),
    }
}

/// `∂L/∂s` from `∂L/∂y`.
fn before_finish<'a>(
    gradient: &'a [f32],
    before: Option<&[f32]>,
    finish: Finish,
) -> Cow<'a, [f32]> {
    match (finish.activation.zip(before), finish.dropout) {
        (Some((activation, before)), dropout) => {
            of_activation(activation, gradient, before, dropout).into()
        }
        (None, Some(dropout)) => dropout.apply(gradient).into(),
        (None, None) => gradient.into(),
    }
}

/// `∂L/∂x = ∂L/∂y Wᵀ`.
pub(crate) fn times_transposed(gradient: &[f32], weight: &[f32], inputs: usize) -> Vec<f32> {
    let outputs = weight.len() / inputs;
    let weight = transposed(weight, inputs, outputs);
    let mut x = Fresh::new(gradient.len() / outputs * inputs);
    let nothing = std::iter::repeat(());
    each_row_block(&mut x, gradient, &weight, outputs, nothing, |_, _, ()| ());
    x.into_values()
}

/// Gradient of `x` in `drop(f(x))`.
fn of_activation(
    activation: Activation,
    gradient: &[f32],
    before: &[f32],
    dropout: Option<Dropout>,
) -> Vec<f32> {
    let length = block_rows(1);
    let mut through = Fresh::new(gradient.len());
    let blocks = through
        .blocks(length)
        .zip(gradient.chunks(length).zip(before.chunks(length)))
        .enumerate();
    each_block(
        gradient.len() * 4,
        blocks,
        |(block, (through, (gradient, before)))| {
            activation.backward(through.copied(gradient), before, dropout, block * length);
        },
    );
    through.into_values()
}
