//! iTransformer (arXiv 2310.06625): each channel's whole look-back is one token.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{ITransformerConfig, Structure};

use crate::attention::Tokens;
use crate::encoder::{Encoder, EncoderOptions, NormKind};
use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::norm::Norm;
use crate::operations::{linear, linear_dropout, tokens};

/// iTransformer in the layout of its authors' code.
#[derive(Module, Debug)]
pub struct ITransformer {
    /// A look-back to a token, `[lookback, d_model]`.
    pub embedding: Linear,
    /// Attention between channels.
    pub encoder: Encoder,
    /// A token to a forecast, `[d_model, horizon]`.
    pub projection: Linear,
    dropout: f64,
    normalise: bool,
}

impl ITransformer {
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        config: &ITransformerConfig,
        structure: &Structure,
    ) -> Self {
        let options = EncoderOptions {
            d_model: config.d_model,
            d_ff: config.d_ff,
            heads: config.heads,
            dropout: config.dropout,
            attention_dropout: config.dropout,
            inner_dropout: 0.0,
            norm: NormKind::Layer,
            score_residual: false,
        };
        let norm = Norm::Layer(initial.layer_norm(config.d_model));
        Self {
            embedding: initial.linear(config.lookback, config.d_model),
            encoder: Encoder::init(initial, &structure.attention, &options, Some(norm)),
            projection: initial.linear(config.d_model, config.horizon),
            dropout: config.dropout,
            normalise: config.normalise,
        }
    }

    /// # Shapes
    /// - `input`: `[B, lookback, C]`
    /// - `time_features`: `[B, lookback, 4]`, time-stamp features that join as tokens
    /// - output: `[B, horizon, C]`
    pub fn forward(
        &self,
        input: Tensor<3>,
        time_features: Option<Tensor<3>>,
        cx: &mut ForwardContext,
    ) -> Tensor<3> {
        let batch = input.dims()[0];
        let (rows, restore) = tokens(input, time_features, self.normalise);
        let rows = linear_dropout(&self.embedding, rows, cx.dropout(self.dropout));
        let rows = self.encoder.forward(Tokens { rows, batch }, cx);
        restore.windows(linear(&self.projection, rows))
    }
}
