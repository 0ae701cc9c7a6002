//! Queries, keys and values of the same rows, side by side in one matrix.

use crate::fresh::Fresh;
use crate::linear::add_bias;
use crate::product::{View, ViewMut, rows_of_block, transposed_product, values};
use crate::profile::timed;
use crate::sums::sum_rows;
use crate::threads::each_block;
use crate::transpose::transposed;

/// Weights `[inputs × width]` and bias `[width]` of one of the three.
#[derive(Debug, Clone, Copy)]
pub struct Projection<'a> {
    /// W.
    pub weight: &'a [f32],
    /// b.
    pub bias: &'a [f32],
}

/// Gradients of one of the three.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectionGradients {
    /// Of W.
    pub weight: Vec<f32>,
    /// Of b.
    pub bias: Vec<f32>,
}

/// Gradients of the inputs of [`project`].
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectGradients {
    /// Of `x`, if requested.
    pub x: Option<Vec<f32>>,
    /// Of the three projections.
    pub parts: [ProjectionGradients; 3],
}

/// `[x W_q + b_q | x W_k + b_k | x W_v + b_v]`, `[rows × 3 · width]`.
pub fn project(x: &[f32], parts: &[Projection<'_>; 3]) -> Vec<f32> {
    let _timed = timed("projections");
    let width = parts[0].bias.len();
    let inputs = parts[0].weight.len() / width;
    let bias = parts.map(|part| part.bias).concat();
    let mut output = Fresh::new(x.len() / inputs * 3 * width);
    let length = rows_of_block(x.len() / inputs, parts[0].weight.len());
    let blocks = output
        .blocks(length * 3 * width)
        .zip(x.chunks(length * inputs));
    each_block(values(x.len(), 3 * width), blocks, |(output, x)| {
        let output = output.cleared();
        let rows = x.len() / inputs;
        for (number, part) in parts.iter().enumerate() {
            let columns = &mut output[number * width..];
            ViewMut::strided(columns, rows, width, 3 * width).set(
                1.0,
                View::new(x, rows, inputs),
                View::new(part.weight, inputs, width),
            );
        }
        add_bias(output, &bias);
    });
    output.into_values()
}

/// The backward pass of [`project`], from the gradient of its output.
pub fn project_backward(
    x: &[f32],
    parts: &[Projection<'_>; 3],
    gradient: &[f32],
    with_x: bool,
) -> ProjectGradients {
    let _timed = timed("projections, backward");
    let width = parts[0].bias.len();
    let inputs = parts[0].weight.len() / width;
    let rows = x.len() / inputs;
    let of_x = with_x.then(|| {
        // Stacked vertically, the three transposed weights are the transpose of the weights side by side.
        let weights = parts
            .map(|part| transposed(part.weight, inputs, width))
            .concat();
        let mut of_x = Fresh::new(x.len());
        let nothing = std::iter::repeat(());
        crate::product::each_row_block(
            &mut of_x,
            gradient,
            &weights,
            3 * width,
            nothing,
            |_, _, ()| (),
        );
        of_x.into_values()
    });
    // Splits `[inputs × 3 · width]` into three matrices.
    let weights = transposed_product(x, gradient, rows);
    let bias = sum_rows(gradient, 3 * width);
    let of_parts = [0, 1, 2].map(|number| {
        let columns = number * width..(number + 1) * width;
        let mut weight = Vec::with_capacity(inputs * width);
        for row in weights.chunks_exact(3 * width) {
            weight.extend_from_slice(&row[columns.clone()]);
        }
        ProjectionGradients {
            weight,
            bias: bias[columns].to_vec(),
        }
    });
    ProjectGradients {
        x: of_x,
        parts: of_parts,
    }
}
