//! The inner part of a Mamba block (arXiv 2312.00752): a causal convolution of two taps, the products that select
//! step sizes, B and C, the scan, and the gate.

use crate::elementary::sigmoid;
use crate::fresh::Fresh;
use crate::linear::{Finish, LinearGradients, linear, linear_backward};
use crate::profile::timed;
use crate::selective_scan::{Scan, ScanGradients, StateSpaceShape, scan, scan_backward};
use crate::sums::total;
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// Inputs of [`state_space`].
#[derive(Debug, Clone, Copy)]
pub struct StateSpaceInputs<'a> {
    /// Values and gates z, `[B · L, 2 · E]`.
    pub x: &'a [f32],
    /// Taps of the token before and of the token, `[2, E]`.
    pub taps: &'a [f32],
    /// `[E]`.
    pub tap_bias: &'a [f32],
    /// `W_x`, `[E, r + 2 · n]`.
    pub selection: &'a [f32],
    /// `W_dt`, `[r, E]`.
    pub steps: &'a [f32],
    /// `[E]`.
    pub step_bias: &'a [f32],
    /// `ln(−A)`, `[E, n]`.
    pub log_decay: &'a [f32],
    /// D, `[E]`.
    pub skip: &'a [f32],
    /// Sizes and direction.
    pub shape: StateSpaceShape,
}

/// Results of the forward pass that the backward pass reads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateSpaceKept {
    /// `u = silu(convolution(x))`, `[B · L, E]`.
    u: Vec<f32>,
    /// `W_x u`, `[B · L, r + 2 · n]`.
    selected: Vec<f32>,
    /// The first r columns of `selected`.
    low: Vec<f32>,
    /// Step sizes before their softplus, `[B · L, E]`.
    steps: Vec<f32>,
}

/// Gradients of the inputs of [`state_space`].
#[derive(Debug, Clone, PartialEq)]
#[allow(
    missing_docs,
    reason = "each is the gradient of the input of the same name"
)]
pub struct StateSpaceGradients {
    pub x: Vec<f32>,
    pub taps: Vec<f32>,
    pub tap_bias: Vec<f32>,
    pub selection: Vec<f32>,
    pub steps: Vec<f32>,
    pub step_bias: Vec<f32>,
    pub log_decay: Vec<f32>,
    pub skip: Vec<f32>,
}

impl StateSpaceInputs<'_> {
    fn scan<'a>(&'a self, kept: &'a StateSpaceKept) -> Scan<'a> {
        Scan {
            shape: self.shape,
            u: &kept.u,
            steps: &kept.steps,
            x: self.x,
            selected: &kept.selected,
            log_decay: self.log_decay,
            skip: self.skip,
        }
    }
}

/// `y ⊙ silu(z)`, `[B · L, E]`, where `u = silu(convolution(x))`, `[δ, B, C] = W_x u`, `Δ = softplus(W_dt δ + b)`,
/// `h_t = exp(Δ_t A) ⊙ h_{t−1} + (Δ_t u_t) B_t` and `y_t = h_t C_t + D ⊙ u_t`.
pub fn state_space(inputs: &StateSpaceInputs<'_>) -> (Vec<f32>, StateSpaceKept) {
    let _timed = timed("state space");
    let shape = &inputs.shape;
    let mut u = Fresh::new(shape.rows() * shape.width);
    let samples = u
        .blocks(shape.tokens * shape.width)
        .zip(inputs.x.chunks(2 * shape.tokens * shape.width));
    each_block(8 * shape.rows() * shape.width, samples, |(u, x)| {
        convolve(x, inputs.taps, inputs.tap_bias, shape, u.cleared());
    });
    let u = u.into_values();
    let plain = Finish::default();
    let selected = linear(&u, inputs.selection, None, shape.width, plain, false).y;
    let low: Vec<f32> = selected
        .chunks_exact(shape.selected())
        .flat_map(|row| &row[..shape.rank])
        .copied()
        .collect();
    let bias = Some(inputs.step_bias);
    let kept = StateSpaceKept {
        steps: linear(&low, inputs.steps, bias, shape.rank, plain, false).y,
        u,
        selected,
        low,
    };
    (scan(&inputs.scan(&kept)), kept)
}

/// The backward pass of [`state_space`], from the gradient of its output.
pub fn state_space_backward(
    inputs: &StateSpaceInputs<'_>,
    kept: &StateSpaceKept,
    gradient: &[f32],
) -> StateSpaceGradients {
    let _timed = timed("state space, backward");
    let shape = &inputs.shape;
    let (width, rank, plain) = (shape.width, shape.rank, Finish::default());
    let mut x = vec![0.0; inputs.x.len()];
    let ScanGradients {
        u: mut of_u,
        steps: of_steps,
        weights,
        log_decay,
        skip,
    } = scan_backward(&inputs.scan(kept), gradient, &mut x);
    let LinearGradients {
        x: low,
        weight: steps,
        bias: step_bias,
    } = linear_backward(&kept.low, inputs.steps, None, &of_steps, rank, plain, true);
    let of_selected: Vec<f32> = low
        .unwrap_or_default()
        .chunks_exact(rank)
        .zip(weights.chunks_exact(2 * shape.states))
        .flat_map(|(low, weights)| low.iter().chain(weights))
        .copied()
        .collect();
    let LinearGradients {
        x: through,
        weight: selection,
        ..
    } = linear_backward(
        &kept.u,
        inputs.selection,
        None,
        &of_selected,
        width,
        plain,
        true,
    );
    let through = through.unwrap_or_default();

    let block = shape.tokens * width;
    let samples = x
        .chunks_mut(2 * block)
        .zip(inputs.x.chunks(2 * block))
        .zip(of_u.chunks_mut(block).zip(through.chunks(block)));
    let parts = each_block(
        16 * shape.rows() * width,
        samples,
        |((of_x, x), (of_u, through))| {
            let mut sums = vec![0.0; 3 * width];
            convolve_backward(
                x,
                inputs.taps,
                inputs.tap_bias,
                shape,
                of_u,
                through,
                of_x,
                &mut sums,
            );
            sums
        },
    );
    let mut taps = total(parts, 3 * width);
    let tap_bias = taps.split_off(2 * width);
    StateSpaceGradients {
        x,
        taps,
        tap_bias,
        selection,
        steps,
        step_bias,
        log_decay,
        skip,
    }
}

/// Values of a token and of the token before it in the scan's order, none for the first.
#[inline(always)]
fn pair<'a>(x: &'a [f32], shape: &StateSpaceShape, place: usize) -> (&'a [f32], Option<&'a [f32]>) {
    let row = |place| &x[2 * shape.token(place) * shape.width..][..shape.width];
    (row(place), place.checked_sub(1).map(row))
}

vectorised! {
    /// `u = silu(w₀ x_{t−1} + w₁ x_t + b)` of a sample.
    fn convolve(x: &[f32], taps: &[f32], bias: &[f32], shape: &StateSpaceShape, u: &mut [f32]) {
        let (earlier, own) = taps.split_at(shape.width);
        for place in 0..shape.tokens {
            let (row, before) = pair(x, shape, place);
            let u = &mut u[shape.token(place) * shape.width..][..shape.width];
            for (((u, x), tap), bias) in u.iter_mut().zip(row).zip(own).zip(bias) {
                *u = tap * x + bias;
            }
            if let Some(before) = before {
                for ((u, x), tap) in u.iter_mut().zip(before).zip(earlier) {
                    *u += tap * x;
                }
            }
            for u in u {
                *u *= sigmoid(*u);
            }
        }
    }
}

vectorised! {
    /// The backward pass of [`convolve`] from the gradient of u, the sum of `of_u` and `through`. The gradient of
    /// x is written to the halves of values, those of taps and bias to `sums`; `of_u` is overwritten.
    fn convolve_backward(
        x: &[f32],
        taps: &[f32],
        bias: &[f32],
        shape: &StateSpaceShape,
        of_u: &mut [f32],
        through: &[f32],
        of_x: &mut [f32],
        sums: &mut [f32],
    ) {
        let width = shape.width;
        let (earlier, own) = taps.split_at(width);
        let (of_earlier, rest) = sums.split_at_mut(width);
        let (of_own, of_bias) = rest.split_at_mut(width);
        let mut sum = vec![0.0; width];
        for place in (0..shape.tokens).rev() {
            let token = shape.token(place);
            let (row, before) = pair(x, shape, place);
            for (((sum, x), tap), bias) in sum.iter_mut().zip(row).zip(own).zip(bias) {
                *sum = tap * x + bias;
            }
            if let Some(before) = before {
                for ((sum, x), tap) in sum.iter_mut().zip(before).zip(earlier) {
                    *sum += tap * x;
                }
            }
            // The gradient before silu.
            let of_sum = &mut of_u[token * width..][..width];
            let through = &through[token * width..][..width];
            for ((of_sum, through), sum) in of_sum.iter_mut().zip(through).zip(&sum) {
                let gate = sigmoid(*sum);
                *of_sum = (*of_sum + through) * (gate + sum * gate * (1.0 - gate));
            }
            let of_row = &mut of_x[2 * token * width..][..width];
            for ((of_x, of_sum), tap) in of_row.iter_mut().zip(&*of_sum).zip(own) {
                *of_x += of_sum * tap;
            }
            for ((of_own, of_sum), x) in of_own.iter_mut().zip(&*of_sum).zip(row) {
                *of_own += of_sum * x;
            }
            for (of_bias, of_sum) in of_bias.iter_mut().zip(&*of_sum) {
                *of_bias += of_sum;
            }
            if let Some(before) = before {
                let of_before = &mut of_x[2 * shape.token(place - 1) * width..][..width];
                for ((of_x, of_sum), tap) in of_before.iter_mut().zip(&*of_sum).zip(earlier) {
                    *of_x = of_sum * tap;
                }
                for ((of_earlier, of_sum), x) in of_earlier.iter_mut().zip(&*of_sum).zip(before) {
                    *of_earlier += of_sum * x;
                }
            }
        }
    }
}
