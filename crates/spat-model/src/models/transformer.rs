//! Transformer (arXiv 1706.03762): rows of the look-back are encoded, rows of the horizon decoded at once.

use burn::module::Module;
use burn::tensor::Tensor;
use spat_spec::{Structure, TransformerConfig};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{
    AttentionKind, AttentionSlot, Decoder, DecoderAttention, Encoder, EncoderDecoder, LayerOptions,
    Norm, RowEmbedding,
};

use super::{Inputs, Model};

/// Transformer in Time-Series-Library's layout.
#[derive(Module, Debug)]
pub struct Transformer {
    /// Of the rows of the look-back.
    pub(crate) encoder_embedding: RowEmbedding,
    pub(crate) encoder: Encoder,
    /// Of the label rows and the rows to forecast.
    pub(crate) decoder_embedding: RowEmbedding,
    pub(crate) decoder: Decoder,
    label_rows: usize,
    horizon: usize,
}

impl Model for Transformer {
    type Spec = TransformerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let options = LayerOptions::new(config.d_model, config.d_ff, config.heads, config.dropout);
        let (encoder, decoder) = structure.attention.split_at(config.layers);
        let embedding = |initial: &mut Initial<'_>| {
            RowEmbedding::init(
                initial,
                config.channels,
                config.d_model,
                config.time_stamps,
                config.dropout,
            )
        };
        let norm = |initial: &Initial<'_>| Norm::Layer(initial.layer_norm(config.d_model));
        let kinds = DecoderAttention {
            own: AttentionKind::Causal,
            cross: AttentionKind::Full,
        };
        let [encoder_norm, decoder_norm] = [norm(initial), norm(initial)];
        Self {
            encoder_embedding: embedding(initial),
            encoder: Encoder::init(initial, encoder, &options, Some(encoder_norm), false),
            decoder_embedding: embedding(initial),
            decoder: Decoder::init(
                initial,
                decoder,
                &options,
                kinds,
                decoder_norm,
                config.channels,
            ),
            label_rows: config.label_rows,
            horizon: config.horizon,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let decoded = inputs.of_decoder(self.label_rows, self.horizon);
        let parts = EncoderDecoder {
            encoder_embedding: &self.encoder_embedding,
            encoder: &self.encoder,
            decoder_embedding: &self.decoder_embedding,
            decoder: &self.decoder,
        };
        parts
            .forward(&inputs, decoded, cx)
            .narrow(1, self.label_rows, self.horizon)
    }

    fn slots(&self) -> Vec<&AttentionSlot> {
        [self.encoder.slots(), self.decoder.slots()].concat()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let mut slots = self.encoder.slots_mut();
        slots.extend(self.decoder.slots_mut());
        slots
    }

    /// Time-Series-Library's names.
    fn import(config: &Self::Spec) -> ImportTable {
        ImportTable::default()
            .row_embedding("enc_embedding", "encoder_embedding")
            .library_encoder(config.layers)
            .norm("encoder.norm", "encoder.norm")
            .row_embedding("dec_embedding", "decoder_embedding")
            .library_decoder(config.decoder_layers)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use spat_spec::{ForecasterConfig, TIME_FEATURES, Window};

    use super::*;
    use crate::layers::Tokens;
    use crate::{Forecaster, HasAttention as _};

    fn config() -> TransformerConfig {
        TransformerConfig {
            d_model: 8,
            d_ff: 16,
            heads: 2,
            ..TransformerConfig::new(Window::new(12, 6, 3), true)
        }
    }

    fn inputs(device: &Device) -> Inputs {
        let random =
            |rows, width| Tensor::<3>::random([2, rows, width], Distribution::Default, device);
        Inputs {
            time_features: Some(random(18, TIME_FEATURES)),
            ..random(12, 3).into()
        }
    }

    fn largest_difference(one: Tensor<3>, other: Tensor<3>) -> f32 {
        (one - other).abs().max().into_scalar()
    }

    /// Without it, and without self-attention of the decoder, all but the ends of the horizon depend on time
    /// features and positions alone.
    #[test]
    fn without_cross_attention_the_look_back_reaches_the_forecast_through_label_rows_only() {
        let device = Device::flex();
        let config = ForecasterConfig::from(config());
        let dense = Forecaster::init(&Structure::dense(config), 1, &device);
        let change = |rows: std::ops::Range<usize>| {
            let inputs = inputs(&device);
            let ones = Tensor::ones([2, rows.len(), 3], &device);
            let mut changed = inputs.clone();
            changed.values = changed.values.slice_assign([0..2, rows, 0..3], ones);
            [inputs, changed]
        };
        let difference = |without: &[&str], rows, inner: bool| {
            let model =
                dense
                    .clone()
                    .map_attention(|slot| match without.contains(&slot.id().as_str()) {
                        true => slot.remove(),
                        false => slot,
                    });
            let [one, other] = change(rows).map(|inputs| {
                let forecast = model.forward(inputs, &mut ForwardContext::evaluation());
                if inner {
                    forecast.narrow(1, 1, 4)
                } else {
                    forecast
                }
            });
            largest_difference(one, other)
        };
        let cross = ["decoder.0.cross_attention"];
        let both = ["decoder.0.cross_attention", "decoder.0.self_attention"];
        assert!(difference(&[], 0..6, false) > 1e-4);
        assert_eq!(difference(&cross, 0..6, false), 0.0);
        assert!(difference(&cross, 6..12, false) > 1e-4);
        assert!(difference(&both, 6..12, false) > 1e-4);
        assert_eq!(difference(&both, 6..12, true), 0.0);
    }

    /// The convolution of the embedding joins the ends; everything else only looks back.
    #[test]
    fn a_row_of_the_decoder_does_not_see_later_rows() {
        let device = Device::flex();
        let structure = Structure::dense(config().into());
        let model = Transformer::init(&mut Initial::new(2, &device), &config(), &structure);
        let tokens = Tensor::<2>::random([2 * 12, 8], Distribution::Default, &device);
        let last = Tensor::ones([1, 8], &device);
        let changed = tokens.clone().slice_assign([23..24, 0..8], last);
        let [one, other] = [tokens, changed].map(|rows| {
            let tokens = Tokens { rows, batch: 2 };
            let attention = &model.decoder.layers[0].self_attention;
            let (out, _) = attention.forward(&tokens, &mut ForwardContext::evaluation());
            out.rows.reshape([2, 12, 8])
        });
        let until = |rows: usize| {
            let [one, other] = [&one, &other].map(|tokens| tokens.clone().narrow(1, 0, rows));
            largest_difference(one, other)
        };
        assert_eq!(until(11), 0.0);
        assert!(until(12) > 1e-3);
    }
}
