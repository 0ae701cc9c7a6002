//! Inputs of an attention operation.

use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_cpu::{AttentionShape, Dropout};

/// Self-attention over the tokens of each sample.
#[derive(Debug, Clone)]
pub(crate) struct Attention<'a> {
    /// `[B · L, d_model]`.
    pub(crate) x: Tensor<2>,
    /// W_q, W_k and W_v, each `[d_model, H · w]` with bias.
    pub(crate) projections: [&'a Linear; 3],
    pub(crate) shape: AttentionShape,
    /// M, `[B or 1, H, L, L]`.
    pub(crate) mask: Option<Tensor<4>>,
    pub(crate) dropout: Option<Dropout>,
}
