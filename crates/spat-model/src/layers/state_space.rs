//! The block of Mamba (arXiv 2312.00752).

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::Tensor;

use crate::initial::Initial;
use crate::operations::{StateSpace, linear, state_space};

use super::attention::Tokens;

/// Sizes of a [`MambaBlock`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct MambaSize {
    /// Width of a token, and the inner width.
    pub(crate) width: usize,
    /// States of a column.
    pub(crate) states: usize,
    /// Columns from which the step sizes are made.
    pub(crate) step_rank: usize,
}

/// `W_out (y ⊙ silu(z))` with `[x, z] = W_in tokens` and y the selective state space of x: a causal convolution
/// of two taps, a SiLU, and a scan whose decay, input and output weights depend on the token.
///
/// As in state-spaces/mamba with `expand = 1` and `d_conv = 2`.
#[derive(Module, Debug)]
pub(crate) struct MambaBlock {
    /// `W_in` without a bias, `[width, 2 · width]`: values, then gates.
    pub(crate) input: Linear,
    /// The convolution over tokens.
    pub(crate) convolution: CausalConvolution,
    /// `W_x` without a bias, `[width, rank + 2 · states]`: step sizes, B and C.
    pub(crate) selection: Linear,
    /// `W_dt`, from the columns of the step sizes.
    pub(crate) steps: StepProjection,
    /// `ln(−A)`, `[width, states]`.
    pub(crate) log_decay: Param<Tensor<2>>,
    /// D, the weight of the value itself, `[width]`.
    pub(crate) skip: Param<Tensor<1>>,
    /// `W_out` without a bias, `[width, width]`.
    pub(crate) output: Linear,
    reversed: bool,
}

/// A causal convolution of two taps over the tokens, each column by itself.
#[derive(Module, Debug)]
pub(crate) struct CausalConvolution {
    /// Of the token before and of the token, `[2, width]`.
    pub(crate) weight: Param<Tensor<2>>,
    /// `[width]`.
    pub(crate) bias: Param<Tensor<1>>,
}

/// The linear map to step sizes before their softplus.
#[derive(Module, Debug)]
pub(crate) struct StepProjection {
    /// `[rank, width]`.
    pub(crate) weight: Param<Tensor<2>>,
    /// `[width]`.
    pub(crate) bias: Param<Tensor<1>>,
}

impl MambaBlock {
    /// A block whose scan runs from the first token to the last, or, `reversed`, from the last to the first.
    pub(crate) fn init(initial: &mut Initial<'_>, size: MambaSize, reversed: bool) -> Self {
        let MambaSize {
            width,
            states,
            step_rank,
        } = size;
        let mut plain = |inputs, outputs| Linear {
            bias: None,
            ..initial.linear(inputs, outputs)
        };
        let (input, selection) = (
            plain(width, 2 * width),
            plain(width, step_rank + 2 * states),
        );
        let output = plain(width, width);
        // Each column has the two taps as its inputs.
        let bound = 1.0 / 2.0_f32.sqrt();
        let convolution = CausalConvolution {
            weight: initial.uniform([2, width], bound),
            bias: initial.uniform([width], bound),
        };
        // At first, step sizes are spread from 0.001 to 0.1.
        let bias = initial
            .log_uniform(width, 1e-3, 1e-1)
            .into_iter()
            .map(|step| step + (-(-step).exp_m1()).ln())
            .collect();
        let log_decay = (1..=states).map(|state| (state as f32).ln());
        Self {
            steps: StepProjection {
                weight: initial.uniform([step_rank, width], 1.0 / (step_rank as f32).sqrt()),
                bias: initial.param(bias, [width]),
            },
            log_decay: initial.param(
                log_decay.cycle().take(width * states).collect(),
                [width, states],
            ),
            skip: initial.constant([width], 1.0),
            input,
            convolution,
            selection,
            output,
            reversed,
        }
    }

    /// # Shapes
    /// - output: `[B · L, width]`
    pub(crate) fn forward(&self, tokens: &Tokens) -> Tensor<2> {
        let scanned = state_space(StateSpace {
            x: linear(&self.input, tokens.rows.clone()),
            taps: self.convolution.weight.val(),
            tap_bias: self.convolution.bias.val(),
            selection: self.selection.weight.val(),
            steps: self.steps.weight.val(),
            step_bias: self.steps.bias.val(),
            log_decay: self.log_decay.val(),
            skip: self.skip.val(),
            batch: tokens.batch,
            reversed: self.reversed,
        });
        linear(&self.output, scanned)
    }
}
