//! The decoder of models that forecast all rows of the horizon at once.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::AttentionStructure;

use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::operations::linear;

use super::attention::{AttentionKind, AttentionSlot, ScoreChain, Tokens};
use super::attention_layer::{AttentionLayer, AttentionSublayer, LayerOptions, NormKind};
use super::encoder::Encoder;
use super::norm::Norm;
use super::row_embedding::{RowEmbedding, circular_neighbours};
use crate::models::Inputs;

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
    /// Self-attention and its norm.
    pub(crate) self_attention: AttentionSublayer,
    /// Cross-attention and the feed-forward part, with their norms.
    pub(crate) cross: AttentionLayer,
    /// The trend that the norms take away to the channels: the row before, the row and the row after, the
    /// ends joined, `[3 · d_model, C]`, without a bias.
    pub(crate) trend: Option<Linear>,
}

/// Kinds of attention in each layer of a decoder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DecoderAttention {
    pub(crate) own: AttentionKind,
    pub(crate) cross: AttentionKind,
}

impl Decoder {
    /// A layer for each two of `attention`: self-attention and cross-attention, which have the given kinds.
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        attention: &[AttentionStructure],
        options: &LayerOptions,
        kinds: DecoderAttention,
        final_norm: Norm,
        channels: usize,
    ) -> Self {
        let of_kind = |attention| LayerOptions {
            attention,
            ..*options
        };
        let has_trend = matches!(options.norm, NormKind::Season { .. });
        let layers = attention
            .chunks_exact(2)
            .map(|modules| DecoderLayer {
                self_attention: AttentionSublayer::init(initial, &modules[0], &of_kind(kinds.own)),
                cross: AttentionLayer::init(initial, &modules[1], &of_kind(kinds.cross)),
                trend: has_trend.then(|| Linear {
                    bias: None,
                    ..initial.linear(3 * options.d_model, channels)
                }),
            })
            .collect();
        Self {
            layers,
            norm: final_norm,
            projection: initial.linear(options.d_model, channels),
        }
    }

    /// Whether any cross-attention is left, which reads the encoder.
    pub(crate) fn reads_encoder(&self) -> bool {
        let mut layers = self.layers.iter();
        layers.any(|layer| layer.cross.attention.module.is_some())
    }

    /// The output of each row, with the trends of the layers, `[B · rows, C]`. `memory` are the tokens of the encoder, if they are read.
    pub(crate) fn forward(
        &self,
        mut x: Tokens,
        memory: Option<&Tokens>,
        cx: &mut ForwardContext,
    ) -> Tensor<2> {
        let mut trends: Option<Tensor<2>> = None;
        for layer in &self.layers {
            let (own, own_trend) = layer.self_attention.forward(&x, cx);
            let chain = &mut ScoreChain::Off;
            let (rest, rest_trend) = layer.cross.forward_with_trend(&own, memory, chain, cx);
            x = rest;
            if let Some((map, (one, other))) = layer.trend.as_ref().zip(own_trend.zip(rest_trend)) {
                let trend = layer_trend(map, one + other, x.batch);
                trends = Some(match trends {
                    Some(before) => before + trend,
                    None => trend,
                });
            }
        }
        let season = linear(&self.projection, self.norm.forward(x.rows, cx));
        match trends {
            Some(trends) => season + trends,
            None => season,
        }
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

/// # Shapes
/// - `trend`: `[B · rows, d_model]`
/// - output: `[B · rows, C]`
fn layer_trend(map: &Linear, trend: Tensor<2>, batch: usize) -> Tensor<2> {
    let [count, width] = trend.dims();
    let neighbours = circular_neighbours(trend.reshape([batch, count / batch, width]));
    linear(map, neighbours)
}

/// The parts of a model that encodes the rows of the look-back and decodes all rows of the horizon at once.
pub(crate) struct EncoderDecoder<'a> {
    /// Of the rows of the look-back.
    pub(crate) encoder_embedding: &'a RowEmbedding,
    pub(crate) encoder: &'a Encoder,
    /// Of the rows of the decoder.
    pub(crate) decoder_embedding: &'a RowEmbedding,
    pub(crate) decoder: &'a Decoder,
}

impl EncoderDecoder<'_> {
    /// The output of each row of the decoder. `decoded` is what the decoder reads.
    ///
    /// # Shapes
    /// - `decoded` and output: `[B, rows, C]`
    pub(crate) fn forward(
        &self,
        inputs: &Inputs,
        decoded: Inputs,
        cx: &mut ForwardContext,
    ) -> Tensor<3> {
        let [batch, rows, channels] = decoded.values.dims();
        let memory = self.decoder.reads_encoder().then(|| {
            let Inputs {
                values,
                time_features,
                ..
            } = inputs.of_lookback();
            let tokens = self.encoder_embedding.forward(values, time_features, cx);
            Tokens {
                rows: self.encoder.forward(tokens, cx),
                batch,
            }
        });
        let tokens = self
            .decoder_embedding
            .forward(decoded.values, decoded.time_features, cx);
        let out = self.decoder.forward(tokens, memory.as_ref(), cx);
        out.reshape([batch, rows, channels])
    }
}
