//! `y = x W + b`.

use super::dispatch::{Dispatch, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::{Loads, Stage};

/// Rows and columns of the output per invocation.
const TILE: [usize; 2] = [8, 8];

/// Gradients of the inputs of [`linear`].
#[derive(Debug, Clone)]
pub struct LinearGradients {
    /// `∂L/∂x = ∂L/∂y Wᵀ`, if requested.
    pub x: Option<Buffer>,
    /// `∂L/∂W = xᵀ ∂L/∂y`.
    pub weight: Buffer,
    /// `∂L/∂b`, the sum of the rows of `∂L/∂y`.
    pub bias: Buffer,
}

/// The launches of [`linear`] and [`linear_backward`].
#[derive(Debug, Clone)]
pub struct LinearDispatches {
    /// y.
    pub forward: Dispatch,
    /// `∂L/∂x`.
    pub of_x: Dispatch,
    /// `∂L/∂W` and `∂L/∂b`, or partial sums of them, stacked vertically.
    pub of_weight: Dispatch,
    /// The launch that adds the partial sums, if there are any.
    pub sum_parts: Option<Dispatch>,
    /// How the sums over rows are divided.
    pub parts: Parts,
}

/// Division of the sums for `∂L/∂W` and `∂L/∂b`. It follows from the shapes alone, so every device adds in
/// the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Number of parts.
    pub count: usize,
    /// Rows of `x` per part.
    pub length: usize,
    /// Rows of a part's matrix, padded to whole tiles if there is more than one part.
    pub rows: usize,
}

/// Number of invocations that saturates a large GPU.
const BUSY: usize = 16_384;

/// Minimum number of rows of `x` per part.
const LEAST_ROWS: usize = 64;

impl Parts {
    fn new(rows: usize, inputs: usize, outputs: usize) -> Self {
        let tiles = inputs.div_ceil(TILE[0]) * outputs.div_ceil(TILE[1]);
        let wanted = (BUSY / tiles.max(1)).min(rows / LEAST_ROWS).max(1);
        let length = rows.div_ceil(wanted).max(1);
        let count = rows.div_ceil(length).max(1);
        let rows = if count == 1 {
            inputs
        } else {
            inputs.next_multiple_of(TILE[0])
        };
        Self {
            count,
            length,
            rows,
        }
    }

    fn words(self) -> [u32; 3] {
        [self.count, self.rows, self.length].map(size)
    }
}

/// The launches for `x` `[rows × inputs]` and W `[inputs × outputs]`.
pub fn linear_dispatches(
    rows: usize,
    inputs: usize,
    outputs: usize,
    with_bias: bool,
) -> LinearDispatches {
    let parts = Parts::new(rows, inputs, outputs);
    LinearDispatches {
        forward: product(
            Stage::MultiplyRows,
            [rows, outputs],
            inputs,
            [inputs, outputs],
            with_bias,
            [0; 3],
        ),
        of_x: product(
            Stage::MultiplyTransposed,
            [rows, inputs],
            outputs,
            [outputs, outputs],
            false,
            [0; 3],
        ),
        of_weight: product(
            Stage::CorrelateRows,
            [parts.count * parts.rows, outputs],
            rows,
            [inputs, outputs],
            false,
            parts.words(),
        ),
        sum_parts: (parts.count > 1).then(|| sum_parts(inputs, outputs, parts)),
        parts,
    }
}

/// `widths` are the row widths of the left and the right matrix.
fn product(
    stage: impl FnOnce(Loads) -> Stage,
    [rows, columns]: [usize; 2],
    inner: usize,
    widths: [usize; 2],
    with_bias: bool,
    parts: [u32; 3],
) -> Dispatch {
    let across = columns.div_ceil(TILE[1]);
    let tiles = across * rows.div_ceil(TILE[0]);
    let [left, right] = widths.map(size);
    let loads = Loads::of(&[left, right, size(columns)]);
    Dispatch::new(stage(loads), groups(tiles), |groups_x| {
        let mut words = vec![
            size(rows),
            size(columns),
            size(inner),
            left,
            right,
            size(across),
            size(tiles),
            groups_x,
            with_bias.into(),
        ];
        words.extend(parts);
        words
    })
}

/// One value of `∂L/∂W` or `∂L/∂b` per invocation.
fn sum_parts(inputs: usize, outputs: usize, parts: Parts) -> Dispatch {
    Dispatch::new(
        Stage::SumParts,
        groups((inputs + 1) * outputs),
        |groups_x| {
            let mut words = vec![size(inputs), size(outputs), 0, 0, 0, 0, 0, groups_x, 0];
            words.extend(parts.words());
            words
        },
    )
}

/// `y = x W + b`, `[rows × outputs]`: `x` is `[rows × inputs]`, `weight` `[inputs × outputs]`, `bias`
/// (optional) `[outputs]`.
pub fn linear(x: &Buffer, weight: &Buffer, bias: Option<&Buffer>, inputs: usize) -> Buffer {
    let (rows, outputs) = (x.length() / inputs, weight.length() / inputs);
    let y = x.allocate_like(rows * outputs);
    let forward = linear_dispatches(rows, inputs, outputs, bias.is_some()).forward;
    // The binding needs a buffer, even if it is unused.
    let none = bias.is_none().then(|| x.allocate_like(1));
    let bias = bias.or(none.as_ref()).unwrap_or(x);
    forward.launch(&[
        In(x.values()),
        In(weight.values()),
        Out(y.values()),
        In(bias.values()),
    ]);
    y
}

/// `∂L/∂x` alone, for weights that are not trained.
pub fn linear_backward_input(weight: &Buffer, gradient: &Buffer, inputs: usize) -> Buffer {
    let outputs = weight.length() / inputs;
    let rows = gradient.length() / outputs;
    let x = gradient.allocate_like(rows * inputs);
    let bindings = [In(gradient.values()), In(weight.values()), Out(x.values())];
    let dispatches = linear_dispatches(rows, inputs, outputs, false);
    dispatches.of_x.launch(&bindings);
    x
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
    let dispatches = linear_dispatches(rows, inputs, outputs, false);
    let gradients = LinearGradients {
        x: with_x.then(|| x.allocate_like(rows * inputs)),
        weight: x.allocate_like(inputs * outputs),
        bias: x.allocate_like(outputs),
    };
    if let Some(x) = &gradients.x {
        let bindings = [In(gradient.values()), In(weight.values()), Out(x.values())];
        dispatches.of_x.launch(&bindings);
    }
    let correlate = |weight: &Buffer, bias: &Buffer| {
        dispatches.of_weight.launch(&[
            In(x.values()),
            In(gradient.values()),
            Out(weight.values()),
            Out(bias.values()),
        ]);
    };
    let Some(sum_parts) = &dispatches.sum_parts else {
        correlate(&gradients.weight, &gradients.bias);
        return gradients;
    };
    let parts = dispatches.parts;
    let weights = x.allocate_like(parts.count * parts.rows * outputs);
    let biases = x.allocate_like(parts.count * outputs);
    correlate(&weights, &biases);
    sum_parts.launch(&[
        In(weights.values()),
        In(biases.values()),
        Out(gradients.weight.values()),
        Out(gradients.bias.values()),
    ]);
    gradients
}
