//! Informer (arXiv 2012.07436): sparse attention, and pooling between the layers of the encoder.

use burn::module::Module;
use burn::tensor::Tensor;
use spat_spec::{InformerConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{
    AttentionKind, AttentionSlot, Decoder, DecoderAttention, Encoder, EncoderDecoder, LayerOptions,
    Norm, RowEmbedding,
};

use super::{Inputs, Model};

/// Informer in its authors' layout, or with the differences of Time-Series-Library that its settings offer.
#[derive(Module, Debug)]
pub struct Informer {
    /// Of the rows of the look-back.
    pub(crate) encoder_embedding: RowEmbedding,
    pub(crate) encoder: Encoder,
    /// Of the label rows and the rows to forecast.
    pub(crate) decoder_embedding: RowEmbedding,
    pub(crate) decoder: Decoder,
    label_rows: usize,
    horizon: usize,
}

impl Model for Informer {
    type Spec = InformerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let sparse = |causal, mixed| AttentionKind::Sparse {
            factor: config.factor,
            causal,
            mixed,
        };
        let kinds = DecoderAttention {
            own: sparse(true, config.mixed_decoder),
            cross: if config.sparse_cross {
                sparse(false, config.mixed_others)
            } else {
                AttentionKind::Full
            },
        };
        let options = LayerOptions {
            attention: sparse(false, config.mixed_others),
            ..LayerOptions::new(config.d_model, config.d_ff, config.heads, config.dropout)
        };
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
        let [encoder_norm, decoder_norm] = [norm(initial), norm(initial)];
        let (encoder, decoder) = structure.attention.split_at(config.layers);
        let encoder = Encoder::init(initial, encoder, &options, Some(encoder_norm), false);
        Self {
            encoder_embedding: embedding(initial),
            encoder: encoder.with_distilling(initial, config.d_model, config.padding),
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
        let table = ImportTable::default()
            .row_embedding("enc_embedding", "encoder_embedding")
            .library_encoder(config.layers)
            .norm("encoder.norm", "encoder.norm")
            .row_embedding("dec_embedding", "decoder_embedding")
            .library_decoder(config.decoder_layers);
        (1..config.layers).fold(table, |table, layer| {
            let (theirs, ours) = (
                format!("encoder.conv_layers.{}", layer - 1),
                format!("encoder.distilling.{}", layer - 1),
            );
            table
                .convolution(
                    &format!("{theirs}.downConv"),
                    &format!("{ours}.convolution"),
                )
                .norm(&format!("{theirs}.norm"), &format!("{ours}.norm"))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::nn::Linear;
    use burn::tensor::{Device, Distribution};
    use spat_spec::{ForecasterConfig, ModuleId, TIME_FEATURES, TransformerConfig, Window};

    use super::*;
    use crate::{Forecaster, Gates, Probe};

    /// A single encoder layer has no pooling.
    #[test]
    fn with_every_row_selected_and_no_pooling_it_is_the_transformer() {
        let device = Device::flex();
        let random =
            |rows, width| Tensor::<3>::random([2, rows, width], Distribution::Default, &device);
        let inputs = Inputs {
            time_features: Some(random(36, TIME_FEATURES)),
            ..random(24, 3).into()
        };
        let window = Window::new(24, 12, 3);
        let transformer = TransformerConfig {
            d_model: 8,
            d_ff: 16,
            heads: 2,
            layers: 1,
            ..TransformerConfig::new(window, true)
        };
        let informer = |factor, sparse_cross| InformerConfig {
            d_model: 8,
            d_ff: 16,
            heads: 2,
            layers: 1,
            factor,
            sparse_cross,
            ..InformerConfig::new(window, true)
        };
        let init =
            |config: ForecasterConfig| Forecaster::init(&Structure::dense(config), 4, &device);
        let reference = init(transformer.into());
        let weights = pollster::block_on(reference.weights()).unwrap();
        let forecast =
            |model: &Forecaster| model.forward(inputs.clone(), &mut ForwardContext::evaluation());
        let difference = |factor, sparse_cross| {
            let model = init(informer(factor, sparse_cross).into());
            let model = model.with_weights(weights.clone()).unwrap();
            let difference = (forecast(&model) - forecast(&reference)).abs();
            difference.max().into_scalar::<f32>()
        };
        for sparse_cross in [false, true] {
            assert!(difference(20, sparse_cross) < 1e-5);
            assert!(difference(1, sparse_cross) > 1e-3);
        }
    }

    /// Also where the layout mixes heads and rows afterwards.
    #[test]
    fn a_gate_of_zero_silences_the_values_of_a_head() {
        let device = Device::flex();
        let inputs = Inputs::from(Tensor::random([2, 12, 3], Distribution::Default, &device));
        let config = InformerConfig {
            d_model: 8,
            d_ff: 16,
            heads: 2,
            mixed_others: true,
            ..InformerConfig::new(Window::new(12, 6, 3), false)
        };
        let structure = Structure::dense(config.clone().into());
        let model = Informer::init(&mut Initial::new(2, &device), &config, &structure);
        let mut silenced = model.clone();
        let attention = silenced.encoder.layers[0]
            .attention
            .module
            .as_mut()
            .unwrap();
        let value = attention.value.clone();
        attention.value = Linear {
            weight: (value.weight).map(|weight| weight.slice_fill([0..8, 0..4], 0.0)),
            bias: (value.bias).map(|bias| bias.map(|bias| bias.slice_fill(0..4, 0.0))),
        };
        let module = ModuleId::encoder(0);
        let forecast = |model: &Informer, first: f32| {
            let gates = Gates {
                heads: vec![first, 1.0],
                module: 1.0,
            };
            let mut cx = ForwardContext::evaluation()
                .with_probe(Probe::Gates)
                .with_gates([(module.clone(), gates)].into());
            model.forward(inputs.clone(), &mut cx)
        };
        let difference =
            |one: Tensor<3>, other: Tensor<3>| (one - other).abs().max().into_scalar::<f32>();
        let expected = forecast(&silenced, 1.0);
        assert!(difference(forecast(&model, 0.0), expected.clone()) < 1e-5);
        assert!(difference(forecast(&model, 1.0), expected) > 1e-4);
    }

    /// Two evaluations sample the same keys, another seed others. With a factor that selects every row nothing
    /// depends on the sample.
    #[test]
    fn forecasts_depend_on_the_sampling_seed_unless_every_row_is_selected() {
        let device = Device::flex();
        let values = Tensor::random([2, 24, 3], Distribution::Default, &device);
        let inputs = Inputs::from(values);
        let difference = |factor, seed| {
            let config = InformerConfig {
                d_model: 8,
                d_ff: 16,
                heads: 2,
                factor,
                ..InformerConfig::new(Window::new(24, 12, 3), false)
            };
            let structure = Structure::dense(config.clone().into());
            let model = Informer::init(&mut Initial::new(2, &device), &config, &structure);
            let [one, other] = [0, seed].map(|seed| {
                let mut cx = ForwardContext::evaluation().with_sampling_seed(seed);
                model.forward(inputs.clone(), &mut cx)
            });
            (one - other).abs().max().into_scalar::<f32>()
        };
        assert_eq!(difference(1, 0), 0.0);
        assert!((1..5).any(|seed| difference(1, seed) > 1e-4));
        assert!(difference(20, 1) < 1e-6);
    }
}
