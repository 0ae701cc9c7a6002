//! Arithmetic of the encoder that iTransformer and PatchTST share: attention, a feed-forward part of
//! two linear maps, and two norms per layer.

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
            .map(|layer| AttentionSite {
                id: ModuleId::encoder(layer),
                heads: self.heads,
                head_width,
                queries: self.axis,
                keys: self.axis,
            })
            .collect()
    }

    /// All layers over one sequence: the attention that is kept, feed-forward, two norms.
    pub(super) fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (tokens, d, ff) = (self.tokens as u64, self.d_model as u64, self.d_ff as u64);
        let head_width = d / self.heads.max(1) as u64;
        let mut total = Cost { params: 0, macs: 0 };
        for slot in kept {
            let inner = slot.heads.len() as u64 * head_width;
            if inner > 0 {
                // W_q, W_k, W_v: d → inner with bias; W_o: inner → d with bias.
                total.params += 3 * (d * inner + inner) + inner * d + d;
                // Four projections, scores and product with V.
                let macs = 4 * tokens * d * inner + 2 * tokens * tokens * inner;
                total.macs = total.macs.saturating_add(macs);
            }
            total.params += (2 * d * ff + ff + d) + 4 * d;
            total.macs = total.macs.saturating_add(2 * tokens * d * ff);
        }
        total
    }

    /// Attention maps, the products around them and the feed-forward part, a few copies of each.
    pub(super) fn activations(&self) -> f64 {
        let tokens = self.tokens as f64;
        let cells = tokens
            * (4.0 * self.heads as f64 * tokens
                + 12.0 * self.d_model as f64
                + 4.0 * self.d_ff as f64);
        self.layers as f64 * self.sequences as f64 * cells
    }

    /// Checks that the heads share the width evenly.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.d_model.is_multiple_of(self.heads) {
            return Ok(());
        }
        Err(ConfigError::new(
            format!(
                "a model width of {} does not divide into {} heads",
                self.d_model, self.heads
            ),
            format!("use a width that is a multiple of {}", self.heads),
        ))
    }
}
