//! The inner part of a Mamba block: convolution, selection, scan and gate.

use std::sync::Arc;

use burn::tensor::{Tensor, activation};
use spat_cpu::{
    Finish, StateSpaceGradients, StateSpaceInputs, StateSpaceKept, StateSpaceShape,
    state_space as forward, state_space_backward,
};

use super::gpu;
use super::node::{Operand, Saved, Values, output};

/// Inputs of [`state_space()`]. E is the inner width, n the number of states, r the rank of the step sizes.
pub(crate) struct StateSpace {
    /// Values and gates, `[B · L, 2 · E]`.
    pub(crate) x: Tensor<2>,
    /// Taps of the token before and of the token, `[2, E]`.
    pub(crate) taps: Tensor<2>,
    /// `[E]`.
    pub(crate) tap_bias: Tensor<1>,
    /// `W_x`, `[E, r + 2 · n]`.
    pub(crate) selection: Tensor<2>,
    /// `W_dt`, `[r, E]`.
    pub(crate) steps: Tensor<2>,
    /// `[E]`.
    pub(crate) step_bias: Tensor<1>,
    /// `ln(−A)`, `[E, n]`.
    pub(crate) log_decay: Tensor<2>,
    /// D, `[E]`.
    pub(crate) skip: Tensor<1>,
    /// B.
    pub(crate) batch: usize,
    /// Whether the tokens are scanned from the last to the first.
    pub(crate) reversed: bool,
}

/// Above it softplus is the identity in f32.
const LINEAR_SOFTPLUS: f64 = 20.0;

/// `y ⊙ silu(z)`, where x and z are the halves of the input and y the selective state space of
/// `u = silu(convolution(x))`: with `[δ, B, C] = W_x u`, `Δ = softplus(W_dt δ + b)` and `A = −exp(log_decay)`,
/// `h_t = exp(Δ_t A) ⊙ h_{t−1} + (Δ_t u_t) B_t` and `y_t = h_t C_t + D ⊙ u_t`.
///
/// # Shapes
/// - output: `[B · L, E]`
pub(crate) fn state_space(inputs: StateSpace) -> Tensor<2> {
    on_cpu(&inputs).unwrap_or_else(|| {
        composed(inputs, |inputs| {
            gpu::scan(&inputs).unwrap_or_else(|| scan_loop(inputs))
        })
    })
}

/// The operation on the CPU; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(inputs: &StateSpace) -> Option<Tensor<2>> {
    let operands = [
        Operand::of(inputs.x.clone())?,
        Operand::of(inputs.taps.clone())?,
        Operand::of(inputs.tap_bias.clone())?,
        Operand::of(inputs.selection.clone())?,
        Operand::of(inputs.steps.clone())?,
        Operand::of(inputs.step_bias.clone())?,
        Operand::of(inputs.log_decay.clone())?,
        Operand::of(inputs.skip.clone())?,
    ];
    let rows = inputs.x.dims()[0];
    let [width, states] = inputs.log_decay.dims();
    let mut saved = Forward {
        values: operands.each_ref().map(Operand::values),
        shape: StateSpaceShape {
            samples: inputs.batch,
            tokens: rows / inputs.batch,
            width,
            states,
            rank: inputs.steps.dims()[0],
            reversed: inputs.reversed,
        },
        kept: Arc::default(),
    };
    let (result, kept) = forward(&saved.inputs());
    saved.kept = Arc::new(kept);
    Some(output(operands, result, [rows, width], saved))
}

#[derive(Debug, Clone)]
struct Forward {
    /// In the order of [`StateSpace`].
    values: [Values; 8],
    shape: StateSpaceShape,
    kept: Arc<StateSpaceKept>,
}

impl Forward {
    fn inputs(&self) -> StateSpaceInputs<'_> {
        let [
            x,
            taps,
            tap_bias,
            selection,
            steps,
            step_bias,
            log_decay,
            skip,
        ] = self.values.each_ref().map(Values::slice);
        StateSpaceInputs {
            x,
            taps,
            tap_bias,
            selection,
            steps,
            step_bias,
            log_decay,
            skip,
            shape: self.shape,
        }
    }
}

impl Saved<8> for Forward {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 8]) -> [Option<Vec<f32>>; 8] {
        let StateSpaceGradients {
            x,
            taps,
            tap_bias,
            selection,
            steps,
            step_bias,
            log_decay,
            skip,
        } = state_space_backward(&self.inputs(), &self.kept, gradient);
        [
            x, taps, tap_bias, selection, steps, step_bias, log_decay, skip,
        ]
        .map(Some)
    }
}

/// The composition of Burn's operations, with a loop over the tokens.
#[cfg(test)]
pub(super) fn plain(inputs: StateSpace) -> Tensor<2> {
    composed(inputs, scan_loop)
}

/// Inputs of the scan alone, in the order in which tokens are scanned.
pub(super) struct Scan {
    /// `[B · L, E]`.
    pub(super) u: Tensor<2>,
    /// Step sizes before their softplus, `[B · L, E]`.
    pub(super) steps: Tensor<2>,
    /// B and C, `[B · L, 2 · n]`.
    pub(super) weights: Tensor<2>,
    /// A, `[n, E]`.
    pub(super) decay: Tensor<2>,
    /// D, `[E]`.
    pub(super) skip: Tensor<1>,
    /// B.
    pub(super) batch: usize,
}

/// Everything around `scan`, which returns y, `[B · L, E]`.
fn composed(inputs: StateSpace, scan: impl FnOnce(Scan) -> Tensor<2>) -> Tensor<2> {
    let StateSpace {
        batch, reversed, ..
    } = inputs;
    let [width, states] = inputs.log_decay.dims();
    let rank = inputs.steps.dims()[0];
    let rows = inputs.x.dims()[0];
    let tokens = rows / batch;
    let in_order = |x: Tensor<3>| if reversed { x.flip([1]) } else { x };
    let gate = inputs.x.clone().narrow(1, width, width);
    let x = inputs.x.narrow(1, 0, width);
    let x = in_order(x.reshape([batch, tokens, width]));
    let first = Tensor::zeros([batch, 1, width], &x.device());
    let before = Tensor::cat(vec![first, x.clone()], 1).narrow(1, 0, tokens);
    let tap = |number| inputs.taps.clone().narrow(0, number, 1).unsqueeze::<3>();
    let u = activation::silu(before * tap(0) + x * tap(1) + inputs.tap_bias.unsqueeze());
    let u = u.reshape([rows, width]);

    let selected = product(u.clone(), inputs.selection, None);
    let low = selected.clone().narrow(1, 0, rank);
    let y = scan(Scan {
        steps: product(low, inputs.steps, Some(inputs.step_bias)),
        weights: selected.narrow(1, rank, 2 * states),
        decay: -inputs.log_decay.exp().transpose(),
        skip: inputs.skip,
        u,
        batch,
    });
    let y = in_order(y.reshape([batch, tokens, width]));
    y.reshape([rows, width]) * activation::silu(gate)
}

/// `x W + b`.
fn product(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    gpu::linear(&x, &weight, bias.as_ref(), Finish::default()).unwrap_or_else(|| {
        let y = x.matmul(weight);
        match bias {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        }
    })
}

fn scan_loop(inputs: Scan) -> Tensor<2> {
    let Scan {
        u,
        steps,
        weights,
        decay,
        skip,
        batch,
    } = inputs;
    let ([states, width], [rows, _]) = (decay.dims(), u.dims());
    let tokens = rows / batch;
    let steps = softplus(steps);
    let scaled = steps.clone() * u.clone();
    let by_token = |x: &Tensor<2>, token| {
        let columns = x.dims()[1];
        let x = x.clone().reshape([batch, tokens, columns]);
        x.narrow(1, token, 1)
    };
    let mut state = Tensor::<3>::zeros([batch, states, width], &u.device());
    let mut outputs = Vec::with_capacity(tokens);
    for token in 0..tokens {
        let weight = by_token(&weights, token).swap_dims(1, 2);
        let [input, output] = [0, states].map(|first| weight.clone().narrow(1, first, states));
        state = state * (by_token(&steps, token) * decay.clone().unsqueeze()).exp()
            + by_token(&scaled, token) * input;
        outputs.push((state.clone() * output).sum_dim(1));
    }
    Tensor::cat(outputs, 1).reshape([rows, width]) + u * skip.unsqueeze()
}

fn softplus(x: Tensor<2>) -> Tensor<2> {
    let above = activation::relu(x.clone() - LINEAR_SOFTPLUS);
    x.clamp_max(LINEAR_SOFTPLUS).exp().log1p() + above
}
