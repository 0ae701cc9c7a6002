//! Inputs of an attention operation.

use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_cpu::{AttentionShape, Dropout};

use super::pattern::Pattern;

/// Attention over the tokens of each sample.
#[derive(Debug, Clone)]
pub(crate) struct Attention<'a> {
    /// What queries are projected from, `[B · L, d_model]`.
    pub(crate) x: Tensor<2>,
    /// What keys and values are projected from, `[B · Lk, d_memory]`; `None` for self-attention, where it is
    /// `x`.
    pub(crate) memory: Option<Tensor<2>>,
    /// Whether the memory is the same for all samples, `[Lk, d_memory]`. For full attention.
    pub(crate) is_shared: bool,
    /// W_q, W_k and W_v, each `[d_model or d_memory, H · w]` with bias.
    pub(crate) projections: [&'a Linear; 3],
    /// Its tokens are the queries.
    pub(crate) shape: AttentionShape,
    /// Which keys a query attends to.
    pub(crate) pattern: Pattern,
    /// M, `[B or 1, H, L, Lk]`.
    pub(crate) mask: Option<Tensor<4>>,
    pub(crate) dropout: Option<Dropout>,
}
