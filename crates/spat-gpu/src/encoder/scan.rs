//! The selective scan of Mamba (arXiv 2312.00752).

use burn::backend::ops::FloatTensorOps;
use burn::tensor::Slice;

use super::dispatch::{Dispatch, size};
use crate::buffer::{Buffer, Gpu};
use crate::launch::Binding::{In, Out};
use crate::launch::WORKGROUP;
use crate::stage::Stage;

/// Tokens between two kept states, as in `shaders/scan_tokens_backward.wgsl`.
const SEGMENT: usize = 16;

/// Sizes of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanShape {
    /// B.
    pub samples: usize,
    /// L.
    pub tokens: usize,
    /// E, the columns.
    pub width: usize,
    /// n, the states of a column.
    pub states: usize,
}

/// Gradients of the inputs of [`scan_tokens`].
#[derive(Debug, Clone)]
pub struct ScanGradients {
    /// Of `values`.
    pub values: Buffer,
    /// Of `steps`.
    pub steps: Buffer,
    /// Of `weights`.
    pub weights: Buffer,
    /// Of `parameters`.
    pub parameters: Buffer,
}

impl ScanShape {
    fn rows(&self) -> usize {
        self.samples * self.tokens
    }

    /// Workgroups of a sample.
    fn groups(&self) -> usize {
        self.width.div_ceil(WORKGROUP as usize)
    }

    /// Lengths of the parts of the last output of the backward stage: gradients of the weights by group of
    /// columns, gradients of the parameters by sample, and kept states.
    pub fn sums(&self) -> [usize; 3] {
        [
            self.groups() * self.rows() * 2 * self.states,
            self.samples * (self.states + 1) * self.width,
            self.samples * self.tokens.div_ceil(SEGMENT) * self.width,
        ]
    }
}

/// The launches of [`scan_tokens`] and [`scan_tokens_backward`].
pub fn scan_dispatches(shape: &ScanShape) -> [Dispatch; 2] {
    [Stage::ScanTokens, Stage::ScanTokensBackward].map(|stage| {
        Dispatch::new(stage, size(shape.samples * shape.groups()), |groups_x| {
            vec![
                size(shape.samples),
                size(shape.tokens),
                size(shape.width),
                size(shape.states),
                size(shape.groups()),
                groups_x,
                0,
                0,
            ]
        })
    })
}

/// `y_t = Σ C_t h_t + D u_t` with `h_t = exp(Δ_t A) h_{t−1} + Δ_t u_t B_t` and `Δ = softplus(steps)`, `[B · L, E]`.
/// `values` (u) and `steps` are `[B · L, E]`, `weights` B and C side by side, `[B · L, 2 · n]`, and `parameters` the
/// rows of A, then D, `[n + 1, E]`.
pub fn scan_tokens(
    values: &Buffer,
    steps: &Buffer,
    weights: &Buffer,
    parameters: &Buffer,
    shape: &ScanShape,
) -> Buffer {
    let output = values.allocate_like(values.length());
    let [forward, _] = scan_dispatches(shape);
    forward.launch(&[
        In(values.values()),
        In(steps.values()),
        In(weights.values()),
        In(parameters.values()),
        Out(output.values()),
    ]);
    output
}

/// The backward pass of [`scan_tokens`]. `None` if a sum over groups or samples is no f32 buffer.
pub fn scan_tokens_backward(
    gradient: &Buffer,
    values: &Buffer,
    steps: &Buffer,
    weights: &Buffer,
    parameters: &Buffer,
    shape: &ScanShape,
) -> Option<ScanGradients> {
    let [of_values, of_steps] = [0; 2].map(|_| values.allocate_like(values.length()));
    let [of_weights, of_parameters, kept] = shape.sums();
    let sums = values.allocate_like(of_weights + of_parameters + kept);
    let [_, backward] = scan_dispatches(shape);
    backward.launch(&[
        In(gradient.values()),
        In(values.values()),
        In(steps.values()),
        In(weights.values()),
        In(parameters.values()),
        Out(of_values.values()),
        Out(of_steps.values()),
        Out(sums.values()),
    ]);
    // The sum of equal parts of `sums` from `start`.
    let total = |start: usize, parts: usize, length: usize| {
        let all = sums.clone().tensor([sums.length()]);
        let part = Slice::from(start..start + parts * length);
        let parts = Buffer::of(Gpu::float_slice(all, &[part]))?.tensor([parts, length]);
        Buffer::of(Gpu::float_sum_dim(parts, 0))
    };
    Some(ScanGradients {
        weights: total(0, shape.groups(), weights.length())?,
        parameters: total(of_weights, shape.samples, parameters.length())?,
        values: of_values,
        steps: of_steps,
    })
}
