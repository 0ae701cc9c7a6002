//! `y = x W + b`.

use super::dispatch::{Dispatch, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::{Loads, Stage};

/// Rows and columns of the output that an invocation makes.
const TILE: [usize; 2] = [8, 8];

/// What the loss's gradient makes of the inputs of [`linear`].
#[derive(Debug, Clone)]
pub struct LinearGradients {
    /// `∂L/∂x = ∂L/∂y Wᵀ`, if asked for.
    pub x: Option<Buffer>,
    /// `∂L/∂W = xᵀ ∂L/∂y`.
    pub weight: Buffer,
    /// `∂L/∂b`, the sum of the rows of `∂L/∂y`.
    pub bias: Buffer,
}

/// The launches of [`linear`] and [`linear_backward`]: y, `∂L/∂x`, and `∂L/∂W` with `∂L/∂b`.
pub fn linear_dispatches(
    rows: usize,
    inputs: usize,
    outputs: usize,
    with_bias: bool,
) -> [Dispatch; 3] {
    [
        product(
            Stage::MultiplyRows,
            [rows, outputs],
            inputs,
            [inputs, outputs],
            with_bias,
        ),
        product(
            Stage::MultiplyTransposed,
            [rows, inputs],
            outputs,
            [outputs, outputs],
            false,
        ),
        product(
            Stage::CorrelateRows,
            [inputs, outputs],
            rows,
            [inputs, outputs],
            false,
        ),
    ]
}

/// `widths` are those of the rows of the left and the right matrix.
fn product(
    stage: impl FnOnce(Loads) -> Stage,
    [rows, columns]: [usize; 2],
    inner: usize,
    widths: [usize; 2],
    with_bias: bool,
) -> Dispatch {
    let across = columns.div_ceil(TILE[1]);
    let tiles = across * rows.div_ceil(TILE[0]);
    let [left, right] = widths.map(size);
    let loads = Loads::of(&[left, right, size(columns)]);
    Dispatch::new(stage(loads), groups(tiles), |groups_x| {
        vec![
            size(rows),
            size(columns),
            size(inner),
            left,
            right,
            size(across),
            size(tiles),
            groups_x,
            with_bias.into(),
            0,
            0,
            0,
        ]
    })
}

/// `y = x W + b`, `[rows × outputs]`: `x` is `[rows × inputs]`, `weight` `[inputs × outputs]`, `bias`
/// (if any) `[outputs]`.
pub fn linear(x: &Buffer, weight: &Buffer, bias: Option<&Buffer>, inputs: usize) -> Buffer {
    let (rows, outputs) = (x.length() / inputs, weight.length() / inputs);
    let y = x.beside(rows * outputs);
    let [forward, ..] = linear_dispatches(rows, inputs, outputs, bias.is_some());
    // Something is bound in any case.
    let none = bias.is_none().then(|| x.beside(1));
    let bias = bias.or(none.as_ref()).unwrap_or(x);
    forward.launch(&[
        In(x.values()),
        In(weight.values()),
        Out(y.values()),
        In(bias.values()),
    ]);
    y
}

/// The backward pass of [`linear`].
pub fn linear_backward(
    x: &Buffer,
    weight: &Buffer,
    gradient: &Buffer,
    inputs: usize,
    with_x: bool,
) -> LinearGradients {
    let (rows, outputs) = (x.length() / inputs, weight.length() / inputs);
    let [_, of_x, of_weight] = linear_dispatches(rows, inputs, outputs, false);
    let gradients = LinearGradients {
        x: with_x.then(|| x.beside(rows * inputs)),
        weight: x.beside(inputs * outputs),
        bias: x.beside(outputs),
    };
    if let Some(x) = &gradients.x {
        of_x.launch(&[In(gradient.values()), In(weight.values()), Out(x.values())]);
    }
    of_weight.launch(&[
        In(x.values()),
        In(gradient.values()),
        Out(gradients.weight.values()),
        Out(gradients.bias.values()),
    ]);
    gradients
}
