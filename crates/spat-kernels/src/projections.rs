//! Queries, keys and values of the same rows, side by side in one matrix.

use crate::linear::add_bias;
use crate::product::{ROWS, View, ViewMut, transposed_product, values};
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

/// `[x W_q + b_q | x W_k + b_k | x W_v + b_v]`, `[rows × 3 · width]`.
pub fn project(x: &[f32], parts: &[Projection<'_>; 3]) -> Vec<f32> {
    let width = parts[0].bias.len();
    let inputs = parts[0].weight.len() / width;
    let bias = parts.map(|part| part.bias).concat();
    let mut output = vec![0.0; x.len() / inputs * 3 * width];
    let blocks = output
        .chunks_mut(ROWS * 3 * width)
        .zip(x.chunks(ROWS * inputs));
    each_block(values(x.len(), 3 * width), blocks, |(output, x)| {
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
    output
}

/// `∂L/∂x` (if asked for), and `∂L/∂W` and `∂L/∂b` of each of the three, from `gradient` of [`project`]'s
/// output.
pub fn project_backward(
    x: &[f32],
    parts: &[Projection<'_>; 3],
    gradient: &[f32],
    with_x: bool,
) -> (Option<Vec<f32>>, [(Vec<f32>, Vec<f32>); 3]) {
    let width = parts[0].bias.len();
    let inputs = parts[0].weight.len() / width;
    let rows = x.len() / inputs;
    let of_x = with_x.then(|| {
        // The three transposed weights below each other are the transposed weights side by side.
        let weights = parts
            .map(|part| transposed(part.weight, inputs, width))
            .concat();
        let mut of_x = vec![0.0; x.len()];
        let nothing = std::iter::repeat(());
        crate::product::each_row_block(
            &mut of_x,
            gradient,
            &weights,
            3 * width,
            nothing,
            |_, _, ()| (),
        );
        of_x
    });
    // [inputs × 3 · width], and its three parts as matrices of their own.
    let weights = transposed_product(x, gradient, rows);
    let bias = sum_rows(gradient, 3 * width);
    let of_parts = [0, 1, 2].map(|number| {
        let columns = number * width..(number + 1) * width;
        let mut weight = Vec::with_capacity(inputs * width);
        for row in weights.chunks_exact(3 * width) {
            weight.extend_from_slice(&row[columns.clone()]);
        }
        (weight, bias[columns].to_vec())
    });
    (of_x, of_parts)
}
