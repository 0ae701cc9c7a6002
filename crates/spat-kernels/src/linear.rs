//! `y = x W + b`.

use crate::product::{View, ViewMut};
use crate::sums::sum_rows;

/// `y = x W + b`, `[rows × outputs]`: `x` is `[rows × inputs]`, `weight` `[inputs × outputs]`, `bias`
/// (if any) `[outputs]`.
pub fn linear(x: &[f32], weight: &[f32], bias: Option<&[f32]>, inputs: usize) -> Vec<f32> {
    let outputs = weight.len() / inputs;
    let rows = x.len() / inputs;
    let (x, weight) = (
        View::new(x, rows, inputs),
        View::new(weight, inputs, outputs),
    );
    match bias {
        Some(bias) => {
            let mut y = bias.repeat(rows);
            ViewMut::new(&mut y, rows, outputs).add(x, weight);
            y
        }
        None => {
            let mut y = vec![0.0; rows * outputs];
            ViewMut::new(&mut y, rows, outputs).set(1.0, x, weight);
            y
        }
    }
}

/// What the loss's gradient `∂L/∂y` makes of the three inputs of [`linear`].
#[derive(Debug, Clone, PartialEq)]
pub struct LinearGradients {
    /// `∂L/∂x = ∂L/∂y Wᵀ`, if asked for.
    pub x: Option<Vec<f32>>,
    /// `∂L/∂W = xᵀ ∂L/∂y`.
    pub weight: Vec<f32>,
    /// `∂L/∂b`, the sum of the rows of `∂L/∂y`.
    pub bias: Vec<f32>,
}

/// The backward pass of [`linear`].
pub fn linear_backward(
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
    inputs: usize,
    with_x: bool,
) -> LinearGradients {
    let outputs = weight.len() / inputs;
    let rows = x.len() / inputs;
    let dy = View::new(gradient, rows, outputs);
    let of_x = with_x.then(|| {
        let mut of_x = vec![0.0; x.len()];
        ViewMut::new(&mut of_x, rows, inputs).set(
            1.0,
            dy,
            View::new(weight, inputs, outputs).transposed(),
        );
        of_x
    });
    let mut of_weight = vec![0.0; weight.len()];
    ViewMut::new(&mut of_weight, inputs, outputs).set(
        1.0,
        View::new(x, rows, inputs).transposed(),
        dy,
    );
    LinearGradients {
        x: of_x,
        weight: of_weight,
        bias: sum_rows(gradient, outputs),
    }
}
