//! Arithmetic of post-norm attention layers (attention, a feed-forward part of two linear maps, and two
//! norms), and of the encoder of such layers that iTransformer and PatchTST share.

use super::site::{AttentionSite, Axis};
use crate::{AttentionStructure, ConfigError, Cost, ModuleId};

/// The sizes of an encoder.
pub(super) struct EncoderShape {
    pub(super) layers: usize,
    pub(super) d_model: usize,
    pub(super) d_ff: usize,
    pub(super) heads: usize,
    /// What the tokens are.
    pub(super) axis: Axis,
    /// Tokens of a sequence.
    pub(super) tokens: usize,
    /// Sequences that a window is cut into.
    pub(super) sequences: usize,
}

impl EncoderShape {
    /// One self-attention module per layer.
    pub(super) fn sites(&self) -> Vec<AttentionSite> {
        let head_width = self.d_model / self.heads.max(1);
        (0..self.layers)
            .map(|layer| {
                let id = ModuleId::encoder(layer);
                AttentionSite::new(id, self.heads, head_width, self.axis, self.axis)
            })
            .collect()
    }

    /// All layers over one sequence: the attention that is kept, feed-forward, two norms.
    pub(super) fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (tokens, d, ff) = (self.tokens as u64, self.d_model as u64, self.d_ff as u64);
        let head_width = d / self.heads.max(1) as u64;
        kept.iter().fold(Cost::default(), |total, slot| {
            let inner = slot.heads.len() as u64 * head_width;
            total + attention_cost(d, inner, tokens, tokens) + feed_forward_cost(d, ff, tokens)
        })
    }

    /// Estimate of the numbers that all sequences of a window keep for the backward pass.
    pub(super) fn activations(&self) -> f64 {
        let tokens = self.tokens as f64;
        let layer = layer_activations([self.d_model, self.d_ff, self.heads], tokens, tokens);
        self.layers as f64 * self.sequences as f64 * layer
    }

    /// Checks that the heads share the width evenly.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_heads(self.d_model, self.heads)
    }
}

/// A module with heads of `inner` columns together over one sequence of `queries` and `keys` tokens of width
/// `d`; nothing for a removed module.
pub(super) fn attention_cost(d: u64, inner: u64, queries: u64, keys: u64) -> Cost {
    if inner == 0 {
        return Cost::default();
    }
    Cost {
        // W_q, W_k, W_v: d → inner with bias; W_o: inner → d with bias.
        params: 3 * (d * inner + inner) + inner * d + d,
        // W_q and W_o over the queries, W_k and W_v over the keys, scores and product with V.
        macs: (2 * queries * d * inner + 2 * keys * d * inner)
            .saturating_add(2 * queries * keys * inner),
    }
}

/// The rest of a layer over one sequence: the feed-forward part and two norms.
pub(super) fn feed_forward_cost(d: u64, ff: u64, tokens: u64) -> Cost {
    Cost {
        params: (2 * d * ff + ff + d) + 4 * d,
        macs: 2 * tokens * d * ff,
    }
}

/// Numbers that a layer keeps for one sequence: attention maps, the products around them and the
/// feed-forward part, a few copies of each. `sizes` are d_model, d_ff and heads.
pub(super) fn layer_activations(sizes: [usize; 3], queries: f64, keys: f64) -> f64 {
    let [d, ff, heads] = sizes.map(|size| size as f64);
    queries * (4.0 * heads * keys + 12.0 * d + 4.0 * ff)
}

/// Checks that the heads share the width evenly.
pub(super) fn check_heads(d_model: usize, heads: usize) -> Result<(), ConfigError> {
    if d_model.is_multiple_of(heads) {
        return Ok(());
    }
    Err(ConfigError::new(
        format!("a model width of {d_model} does not divide into {heads} heads"),
        format!("use a width that is a multiple of {heads}"),
    ))
}
