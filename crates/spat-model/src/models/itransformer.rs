//! iTransformer (arXiv 2310.06625): each channel's whole look-back is one token.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{ITransformerConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{AttentionSlot, Encoder, LayerOptions, Norm, Tokens};
use crate::operations::{linear, linear_dropout, tokens};

use super::{Inputs, Model};

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

impl Model for ITransformer {
    type Spec = ITransformerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let options = LayerOptions::new(config.d_model, config.d_ff, config.heads, config.dropout);
        let norm = Norm::Layer(initial.layer_norm(config.d_model));
        Self {
            embedding: initial.linear(config.lookback, config.d_model),
            encoder: Encoder::init(initial, &structure.attention, &options, Some(norm), false),
            projection: initial.linear(config.d_model, config.horizon),
            dropout: config.dropout,
            normalise: config.normalise,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let batch = inputs.values.dims()[0];
        let (rows, restore) = tokens(inputs.values, inputs.time_features, self.normalise);
        let rows = linear_dropout(&self.embedding, rows, cx.dropout(self.dropout));
        let rows = self.encoder.forward(Tokens { rows, batch }, cx);
        restore.windows(linear(&self.projection, rows))
    }
    fn slots(&self) -> Vec<&AttentionSlot> {
        self.encoder.slots()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        self.encoder.slots_mut()
    }

    /// thuml/iTransformer. Time-Series-Library names the last layer `projection`.
    fn import(config: &Self::Spec) -> ImportTable {
        ImportTable::default()
            .linear("enc_embedding.value_embedding", "embedding")
            .library_encoder(config.layers)
            .norm("encoder.norm", "encoder.norm")
            .linear("projector", "projection")
            .linear("projection", "projection")
    }
}
