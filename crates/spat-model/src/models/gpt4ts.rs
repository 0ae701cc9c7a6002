//! GPT4TS (arXiv 2302.11939): patches of one channel are tokens of a frozen GPT-2; channels share all weights.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{Gpt4TsConfig, Structure};

use crate::backbone;
use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{AttentionSlot, Gpt2, Gpt2Source, Tokens, gpt2, normalise, patches};
use crate::operations::linear;

use super::{Inputs, Model};

/// GPT4TS.
#[derive(Module, Debug)]
pub struct Gpt4Ts {
    /// A patch to a token, `[patch_len, d_model]`.
    pub embedding: Linear,
    /// Attention between patches.
    pub(crate) backbone: Gpt2,
    /// All tokens of a channel to its forecast, `[patches · d_model, horizon]`, patch by patch.
    pub head: Linear,
    patch_len: usize,
    stride: usize,
}

impl Model for Gpt4Ts {
    type Spec = Gpt4TsConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        // That a named file is loaded is checked before.
        let source = match config.backbone.as_ref().and_then(backbone::loaded) {
            Some(backbone) => Gpt2Source::File(backbone),
            None => Gpt2Source::Random(Initial::new(config.backbone_seed as u64, initial.device)),
        };
        let embedding = initial.linear(config.patch_len, config.d_model);
        let sizes = config.backbone_sizes();
        let attention = &structure.attention;
        Self {
            embedding,
            backbone: Gpt2::init(initial, source, &sizes, attention, config.dropout),
            head: initial.linear(config.patches() * config.d_model, config.horizon),
            patch_len: config.patch_len,
            stride: config.stride,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let [batch, _, channels] = inputs.values.dims();
        let (values, statistics) = normalise(inputs.values);
        let patches = patches(values, self.patch_len, self.stride);
        let [series, count, _] = patches.dims();
        let rows = patches.reshape([series * count, self.patch_len]);
        let tokens = Tokens {
            rows: linear(&self.embedding, rows),
            batch: series,
        };
        let rows = self.backbone.forward(tokens, cx);
        let width = rows.dims()[1];
        let forecast = linear(&self.head, rows.reshape([series, count * width]));
        let horizon = forecast.dims()[1];
        statistics.restore(forecast.reshape([batch, channels, horizon]).swap_dims(1, 2))
    }

    fn slots(&self) -> Vec<&AttentionSlot> {
        self.backbone.slots()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        self.backbone.slots_mut()
    }

    fn is_frozen(path: &str) -> bool {
        path.strip_prefix("backbone.").is_some_and(gpt2::is_frozen)
    }

    /// The names of DAMO-DI-ML/NeurIPS2023-One-Fits-All. Frozen weights are those of the backbone, not of the
    /// file.
    fn import(config: &Self::Spec) -> ImportTable {
        let table = ImportTable::default()
            .linear("in_layer", "embedding")
            .linear("out_layer", "head")
            .same("gpt2.wpe.weight", "backbone.positions")
            .norm("gpt2.ln_f", "backbone.norm")
            .unused("gpt2.wte.weight");
        (0..config.layers).fold(table, |table, layer| {
            let (theirs, ours) = (
                format!("gpt2.h.{layer}"),
                format!("backbone.blocks.{layer}"),
            );
            table
                .frozen_gpt2_block(&theirs)
                .norm(&format!("{theirs}.ln_1"), &format!("{ours}.attention.norm"))
                .norm(&format!("{theirs}.ln_2"), &format!("{ours}.norm"))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use spat_spec::{AttentionStructure, BackboneSizes, ModuleId, Window};

    use super::*;
    use crate::Forecaster;

    const SIZES: BackboneSizes = BackboneSizes {
        width: 8,
        heads: 2,
        layers: 2,
        positions: 6,
        vocabulary: None,
    };

    #[test]
    fn a_token_does_not_see_later_ones() {
        let device = Device::flex();
        let attention: Vec<_> = (0..SIZES.layers)
            .map(|layer| AttentionStructure {
                module: ModuleId::new("backbone", layer, "attention"),
                heads: vec![0, 1],
            })
            .collect();
        let source = Gpt2Source::Random(Initial::new(3, &device));
        let initial = &mut Initial::new(4, &device);
        let backbone = Gpt2::init(initial, source, &SIZES, &attention, 0.0);
        let rows = Tensor::<2>::random([10, 8], Distribution::Default, &device);
        for changed in 0..5 {
            // Of the second sample.
            let ones = Tensor::ones([1, 8], &device) * 2.0;
            let other = rows
                .clone()
                .slice_assign([5 + changed..6 + changed, 0..8], ones);
            let [one, other] = [rows.clone(), other].map(|rows| {
                let tokens = Tokens { rows, batch: 2 };
                backbone.forward(tokens, &mut ForwardContext::evaluation())
            });
            let difference = (one - other).abs().max_dim(1).into_data();
            let difference = difference.try_into_vec::<f32>().unwrap();
            for (row, &difference) in difference.iter().enumerate() {
                assert_eq!(difference > 0.0, row >= 5 + changed, "{changed} {row}");
            }
        }
    }

    #[test]
    fn frozen_weights_have_no_gradients_and_are_neither_saved_nor_expected() {
        let config = Gpt4TsConfig {
            d_model: 8,
            heads: 2,
            layers: 2,
            ..Gpt4TsConfig::new(Window::new(32, 4, 2))
        };
        let structure = Structure::dense(config.into());
        let device = Device::flex().autodiff();
        let model = Forecaster::init(&structure, 1, &device);
        let Forecaster::Gpt4Ts(inner) = &model else {
            unreachable!()
        };
        let values = Tensor::random([2, 32, 2], Distribution::Default, &device);
        let inputs = Inputs::from(values);
        let forecast = model.forward(inputs.clone(), &mut ForwardContext::evaluation());
        let gradients = forecast.clone().square().mean().backward();
        let block = &inner.backbone.blocks[0];
        let attention = block.attention.module.as_ref().unwrap();
        for frozen in [&attention.query, &attention.output, &block.expand] {
            assert!(frozen.weight.val().grad(&gradients).is_none());
        }
        // Gradients pass through.
        let of_input = inner.embedding.weight.val().grad(&gradients).unwrap();
        assert!(of_input.abs().max().into_scalar::<f32>() > 0.0);
        let of_norm = block.norm.gamma.val().grad(&gradients).unwrap();
        assert!(of_norm.abs().max().into_scalar::<f32>() > 0.0);

        let weights = pollster::block_on(model.weights()).unwrap();
        assert!(weights.keys().all(|name| !Gpt4Ts::is_frozen(name)));
        assert!(weights.contains_key("backbone.blocks.0.attention.norm.gamma"));
        let loaded = Forecaster::init(&structure, 2, &device).with_weights(weights);
        let again = loaded
            .unwrap()
            .forward(inputs, &mut ForwardContext::evaluation());
        assert_eq!(again.into_data(), forecast.into_data());
    }

    #[test]
    fn another_seed_gives_another_backbone() {
        let device = Device::flex();
        let query = |seed: usize| {
            let config = Gpt4TsConfig {
                backbone_seed: seed,
                d_model: 8,
                heads: 2,
                ..Gpt4TsConfig::new(Window::new(32, 4, 2))
            };
            let structure = Structure::dense(config.clone().into());
            let model = Gpt4Ts::init(&mut Initial::new(7, &device), &config, &structure);
            let module = model.backbone.blocks[0].attention.module.clone();
            module.unwrap().query.weight.val().into_data()
        };
        assert_eq!(query(1), query(1));
        assert_ne!(query(1), query(2));
    }
}
