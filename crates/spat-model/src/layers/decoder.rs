//! The decoder of models that forecast all rows of the horizon at once.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::AttentionStructure;

use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::operations::linear;

use super::attention::{AttentionSlot, ScoreChain, Tokens};
use super::attention_layer::{AttentionLayer, AttentionSublayer, LayerOptions};
use super::norm::Norm;

/// Decoder layers, a final norm, and a map to the channels.
#[derive(Module, Debug)]
pub(crate) struct Decoder {
    /// From input to output.
    pub(crate) layers: Vec<DecoderLayer>,
    /// After the last layer.
    pub(crate) norm: Norm,
    /// A token to the forecast of its row, `[d_model, C]`.
    pub(crate) projection: Linear,
}

/// Attention between the tokens of the decoder, attention from them to those of the encoder, and a
/// feed-forward part.
#[derive(Module, Debug)]
pub(crate) struct DecoderLayer {
    /// Causal self-attention and its norm.
    pub(crate) self_attention: AttentionSublayer,
    /// Cross-attention and the feed-forward part, with their norms.
    pub(crate) cross: AttentionLayer,
}

impl Decoder {
    /// A layer for each two of `attention`: self-attention and cross-attention.
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        attention: &[AttentionStructure],
        options: &LayerOptions,
        channels: usize,
    ) -> Self {
        let layers = attention
            .chunks_exact(2)
            .map(|modules| DecoderLayer {
                self_attention: AttentionSublayer::init(initial, &modules[0], options).causal(),
                cross: AttentionLayer::init(initial, &modules[1], options),
            })
            .collect();
        Self {
            layers,
            norm: Norm::Layer(initial.layer_norm(options.d_model)),
            projection: initial.linear(options.d_model, channels),
        }
    }

    /// Whether any cross-attention is left, which reads the encoder.
    pub(crate) fn reads_encoder(&self) -> bool {
        let mut layers = self.layers.iter();
        layers.any(|layer| layer.cross.attention.module.is_some())
    }

    /// The output of each row, `[B · rows, C]`. `memory` are the tokens of the encoder, if they are read.
    pub(crate) fn forward(
        &self,
        mut x: Tokens,
        memory: Option<&Tokens>,
        cx: &mut ForwardContext,
    ) -> Tensor<2> {
        for layer in &self.layers {
            x = layer.self_attention.forward(&x, cx);
            x = layer.cross.forward(&x, memory, &mut ScoreChain::Off, cx);
        }
        linear(&self.projection, self.norm.forward(x.rows, cx))
    }

    /// The slots of all attention modules, from input to output.
    pub(crate) fn slots(&self) -> Vec<&AttentionSlot> {
        let layers = self.layers.iter();
        layers
            .flat_map(|layer| [&layer.self_attention.attention, &layer.cross.attention])
            .collect()
    }

    /// The slots, mutably.
    pub(crate) fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let layers = self.layers.iter_mut();
        layers
            .flat_map(|layer| {
                [
                    &mut layer.self_attention.attention,
                    &mut layer.cross.attention,
                ]
            })
            .collect()
    }
}
