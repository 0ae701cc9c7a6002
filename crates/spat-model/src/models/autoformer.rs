//! Autoformer (arXiv 2106.13008): season and trend apart, auto-correlation in place of attention.

use burn::module::Module;
use burn::tensor::Tensor;
use spat_spec::{AutoformerConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{
    AttentionKind, AttentionSlot, CentredNorm, Decoder, DecoderAttention, Decomposition, Encoder,
    EncoderDecoder, LayerOptions, Norm, NormKind, RowEmbedding,
};

use super::{Inputs, Model};

/// Autoformer in the layout of thuml/Autoformer and Time-Series-Library.
///
/// The decoder reads the season of the label rows and zeros. The forecast is its output, the trends that its
/// layers take away, and a trend that starts as that of the label rows and the mean of the look-back.
#[derive(Module, Debug)]
pub struct Autoformer {
    /// Of the rows of the look-back.
    pub(crate) encoder_embedding: RowEmbedding,
    pub(crate) encoder: Encoder,
    /// Of the label rows and the rows to forecast.
    pub(crate) decoder_embedding: RowEmbedding,
    pub(crate) decoder: Decoder,
    decomposition: Decomposition,
    label_rows: usize,
    horizon: usize,
}

impl Model for Autoformer {
    type Spec = AutoformerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let (lookback, rows, width) = (config.lookback, config.decoder_rows(), config.d_model);
        let kind = |rows| AttentionKind::AutoCorrelation {
            lags: config.lags(rows),
        };
        let options = |length| LayerOptions {
            feed_forward_bias: false,
            norm: NormKind::Season {
                length,
                kernel: config.kernel,
            },
            attention: kind(length),
            ..LayerOptions::new(width, config.d_ff, 1, config.dropout)
        };
        let norm = |initial: &Initial<'_>, length| {
            Norm::Centred(CentredNorm::init(initial, width, length))
        };
        let embedding = |initial: &mut Initial<'_>| {
            RowEmbedding::init(
                initial,
                config.channels,
                width,
                config.time_stamps,
                config.dropout,
            )
            .without_positions()
        };
        let (encoder, decoder) = structure.attention.split_at(config.layers);
        let kinds = DecoderAttention {
            own: kind(rows),
            cross: kind(rows),
        };
        let [encoder_norm, decoder_norm] = [lookback, rows].map(|length| norm(initial, length));
        Self {
            encoder_embedding: embedding(initial),
            encoder: Encoder::init(
                initial,
                encoder,
                &options(lookback),
                Some(encoder_norm),
                false,
            ),
            decoder_embedding: embedding(initial),
            decoder: Decoder::init(
                initial,
                decoder,
                &options(rows),
                kinds,
                decoder_norm,
                config.channels,
            ),
            decomposition: Decomposition::new(lookback, config.kernel),
            label_rows: config.label_rows,
            horizon: config.horizon,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let [batch, lookback, channels] = inputs.values.dims();
        let rows = inputs.values.clone().reshape([batch * lookback, channels]);
        let (season, trend) = self.decomposition.split(rows);
        let windows = |rows: Tensor<2>| rows.reshape([batch, lookback, channels]);
        let decoded = Inputs {
            values: windows(season),
            time_features: inputs.time_features.clone(),
            prompt: None,
        }
        .of_decoder(self.label_rows, self.horizon);
        let mean = inputs.values.clone().mean_dim(1);
        let labels = windows(trend).narrow(1, lookback - self.label_rows, self.label_rows);
        let trend = Tensor::cat(vec![labels, mean.repeat_dim(1, self.horizon)], 1);
        let parts = EncoderDecoder {
            encoder_embedding: &self.encoder_embedding,
            encoder: &self.encoder,
            decoder_embedding: &self.decoder_embedding,
            decoder: &self.decoder,
        };
        (parts.forward(&inputs, decoded, cx) + trend).narrow(1, self.label_rows, self.horizon)
    }

    fn slots(&self) -> Vec<&AttentionSlot> {
        [self.encoder.slots(), self.decoder.slots()].concat()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let mut slots = self.encoder.slots_mut();
        slots.extend(self.decoder.slots_mut());
        slots
    }

    /// The names of thuml/Autoformer and Time-Series-Library, which are the same.
    fn import(config: &Self::Spec) -> ImportTable {
        let table = ImportTable::default()
            .row_embedding("enc_embedding", "encoder_embedding")
            .library_encoder(config.layers)
            .norm("encoder.norm.layernorm", "encoder.norm.layer")
            .row_embedding("dec_embedding", "decoder_embedding")
            .library_decoder(config.decoder_layers)
            .norm("decoder.norm.layernorm", "decoder.norm.layer");
        (0..config.decoder_layers).fold(table, |table, layer| {
            let name = format!("decoder.layers.{layer}");
            table.convolution(&format!("{name}.projection"), &format!("{name}.trend"))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution, TensorData};
    use spat_spec::{MaskShape, TIME_FEATURES, Window};

    use super::*;
    use crate::Probe;

    fn config() -> AutoformerConfig {
        AutoformerConfig {
            d_model: 8,
            d_ff: 16,
            kernel: 5,
            ..AutoformerConfig::new(Window::new(12, 6, 3), true)
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

    /// The trend starts from the window, so no removal makes the forecast a constant.
    #[test]
    fn without_any_attention_the_forecast_follows_the_mean_of_the_look_back() {
        let device = Device::flex();
        let structure = Structure::dense(config().into());
        let mut model = Autoformer::init(&mut Initial::new(2, &device), &config(), &structure);
        for slot in model.slots_mut() {
            *slot = slot.clone().remove();
        }
        let inputs = inputs(&device);
        let mut higher = inputs.clone();
        higher.values = higher.values + 3.0;
        let [one, other] =
            [inputs, higher].map(|inputs| model.forward(inputs, &mut ForwardContext::evaluation()));
        let difference = (other - one - 3.0).abs().max();
        assert!(difference.into_scalar::<f32>() < 1e-4);
    }

    /// Lags differ between the windows of an evaluation, so no mask can be shared there.
    #[test]
    fn masks_are_shared_by_a_batch_in_training_only() {
        let device = Device::flex().autodiff();
        let structure = Structure::dense(config().into());
        let model = Autoformer::init(&mut Initial::new(2, &device), &config(), &structure);
        for (cx, samples) in [
            (ForwardContext::training(1), 1),
            (ForwardContext::evaluation(), 2),
        ] {
            let mut cx = cx.with_probe(Probe::Masks(MaskShape::Shared));
            let forecast = model.forward(inputs(&device), &mut cx);
            let sensitivities = cx.sensitivities(&mut forecast.square().mean().backward());
            assert_eq!(sensitivities.len(), 4);
            for values in sensitivities.values() {
                assert_eq!(values.values.dims()[0], samples);
            }
        }
    }

    #[test]
    fn season_and_trend_are_those_of_repeated_ends() {
        let device = Device::flex();
        let rows: [f32; 5] = [1.0, 4.0, 1.0, 0.0, 2.0];
        let data = TensorData::new(rows.to_vec(), [5, 1]);
        let (season, trend) = Decomposition::new(5, 3).split(Tensor::from_data(data, &device));
        let trend: Vec<f32> = trend.into_data().try_to_vec().unwrap();
        let season: Vec<f32> = season.into_data().try_to_vec().unwrap();
        let expected = [2.0, 2.0, 5.0 / 3.0, 1.0, 4.0 / 3.0];
        for place in 0..5 {
            assert!((trend[place] - expected[place]).abs() < 1e-6);
            assert!((season[place] + trend[place] - rows[place]).abs() < 1e-6);
        }
    }
}
