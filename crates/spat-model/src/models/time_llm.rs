//! Time-LLM (arXiv 2310.01728): patches of one channel, rewritten as mixtures of word prototypes, follow a prompt
//! into a frozen GPT-2; channels share all weights.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Int, Tensor};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_spec::{Structure, TimeLlmConfig};

use crate::backbone;
use crate::forward_context::{ForwardContext, Stream};
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{
    AttentionSlot, Gpt2, Gpt2Source, ScoreChain, TokenWidths, Tokens, circular_neighbours,
    normalise, patches,
};
use crate::operations::{dropout, linear};

use super::{Inputs, Model};

/// Time-LLM.
#[derive(Module, Debug)]
pub struct TimeLlm {
    /// A patch with those before and after it, the ends joined, `[3 · patch_len, d_model]`, without a bias.
    pub embedding: Linear,
    /// The backbone's token table, `[vocabulary, width]`, frozen.
    pub(crate) tokens: Param<Tensor<2>>,
    /// The rows of the token table that prototypes are mixtures of, `[words, width]`, frozen; `None` if these are
    /// all.
    pub(crate) words: Option<Param<Tensor<2>>>,
    /// Words to prototypes, `[words, prototypes]`.
    pub mapping: Linear,
    /// Attention from patches to prototypes.
    pub(crate) reprogramming: AttentionSlot,
    /// All its weights are frozen.
    pub(crate) backbone: Gpt2,
    /// The first features of a channel's outputs to its forecast, `[patches · d_ff, horizon]`, patch by patch.
    pub head: Linear,
    patch_len: usize,
    stride: usize,
    features: usize,
    dropout: f64,
}

impl Model for TimeLlm {
    type Spec = TimeLlmConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let seed = config.backbone_seed as u64;
        // That a named file is loaded is checked before.
        let mut source = match config.backbone.as_deref().and_then(backbone::loaded) {
            Some(backbone) => Gpt2Source::File(backbone),
            None => Gpt2Source::Random(Initial::new(seed, initial.device)),
        };
        let width = config.backbone_width;
        let table = source.token_table(config.vocabulary, width);
        let words = config.mixed_words();
        let drawn = (words < config.vocabulary).then(|| {
            let rows = drawn(seed, words, config.vocabulary).into_iter();
            let rows = rows.flat_map(|row| &table[row * width..(row + 1) * width]);
            initial.param(rows.copied().collect(), [words, width])
        });
        let frozen = |param: Param<Tensor<2>>| param.set_require_grad(false);
        let tokens = frozen(initial.param(table, [config.vocabulary, width]));
        let embedding = initial.circular_convolution(config.patch_len, config.d_model);
        let mapping = initial.linear(words, config.prototypes);
        let (reprogramming, blocks) = structure.attention.split_at(1);
        let widths = TokenWidths {
            queries: config.d_model,
            keys: width,
            output: width,
        };
        let (head_width, probability) = (config.d_ff, config.dropout);
        let sizes = config.backbone_sizes();
        Self {
            embedding,
            tokens,
            words: drawn.map(frozen),
            mapping,
            reprogramming: AttentionSlot::with_widths(
                initial,
                &reprogramming[0],
                widths,
                head_width,
                probability,
            ),
            backbone: Gpt2::init_frozen(initial, source, &sizes, blocks, probability),
            head: initial.linear(config.patches() * config.d_ff, config.horizon),
            patch_len: config.patch_len,
            stride: config.stride,
            features: config.d_ff,
            dropout: config.dropout,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let [batch, _, channels] = inputs.values.dims();
        let (values, statistics) = normalise(inputs.values);
        let patches = patches(values, self.patch_len, self.stride);
        let [series, count, _] = patches.dims();
        let rows = linear(&self.embedding, circular_neighbours(patches));
        let patches = Tokens {
            rows: dropout(rows, cx.dropout(self.dropout)),
            batch: series,
        };
        let reprogrammed = self.reprogram(&patches, cx);
        let width = reprogrammed.dims()[1];
        let mut tokens = reprogrammed.reshape([series, count, width]);
        if let Some(prompt) = inputs.prompt {
            tokens = Tensor::cat(vec![self.embed(prompt), tokens], 1);
        }
        let length = tokens.dims()[1];
        let tokens = Tokens {
            rows: tokens.reshape([series * length, width]),
            batch: series,
        };
        let outputs = self
            .backbone
            .forward(tokens, cx)
            .reshape([series, length, width])
            .narrow(1, length - count, count)
            .narrow(2, 0, self.features)
            .reshape([series, count * self.features]);
        let forecast = dropout(linear(&self.head, outputs), cx.dropout(self.dropout));
        let horizon = forecast.dims()[1];
        statistics.restore(forecast.reshape([batch, channels, horizon]).swap_dims(1, 2))
    }

    fn slots(&self) -> Vec<&AttentionSlot> {
        let backbone = self.backbone.slots().into_iter();
        std::iter::once(&self.reprogramming)
            .chain(backbone)
            .collect()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let backbone = self.backbone.slots_mut().into_iter();
        std::iter::once(&mut self.reprogramming)
            .chain(backbone)
            .collect()
    }

    fn is_frozen(path: &str) -> bool {
        matches!(path, "tokens" | "words") || path.starts_with("backbone.")
    }

    /// The names of KimMeen/Time-LLM. Frozen weights are those of the backbone, not of the file.
    fn import(config: &Self::Spec) -> ImportTable {
        let table = ImportTable::default()
            .convolution("patch_embedding.value_embedding.tokenConv", "embedding")
            .linear("mapping_layer", "mapping")
            .attention("reprogramming_layer", "reprogramming.module")
            .flatten_head("output_projection.linear", "head", config.patches())
            .unused("word_embeddings")
            .unused("llm_model.wte.weight")
            .unused("llm_model.wpe.weight")
            .without(ImportTable::default().norm("llm_model.ln_f", ""));
        (0..config.layers).fold(table, |table, layer| {
            let theirs = format!("llm_model.h.{layer}");
            let norms = ["ln_1", "ln_2"].map(|norm| format!("{theirs}.{norm}"));
            norms
                .iter()
                .fold(table.frozen_gpt2_block(&theirs), |table, norm| {
                    table.without(ImportTable::default().norm(norm, ""))
                })
        })
    }
}

impl TimeLlm {
    /// The patches as mixtures of prototypes, as wide as the backbone's tokens; zeros without the module.
    fn reprogram(&self, patches: &Tokens, cx: &mut ForwardContext) -> Tensor<2> {
        let (slot, chain) = (&self.reprogramming, &mut ScoreChain::Off);
        let prototypes = slot.module.as_ref().map(|_| self.prototypes());
        let attended = slot.context(patches, prototypes.as_ref(), chain, cx);
        let Some((context, output)) = attended else {
            let (rows, width) = (patches.rows.dims()[0], self.tokens.dims()[1]);
            return Tensor::zeros([rows, width], &patches.rows.device());
        };
        let branch = cx.gate_module(slot.id(), linear(output, context));
        if cx.wants_streams() {
            // No stream goes past the module: what it adds to is nothing.
            let output = branch.clone().detach();
            let stream = Stream {
                input: output.zeros_like(),
                branch: output.clone(),
                output,
            };
            cx.record_stream(slot.id(), stream);
        }
        branch
    }

    /// Learned mixtures of words, which all samples share.
    fn prototypes(&self) -> Tokens {
        let words = self.words.as_ref().unwrap_or(&self.tokens).val();
        let rows = self.mapping.weight.val().transpose().matmul(words);
        let rows = match &self.mapping.bias {
            Some(bias) => rows + bias.val().unsqueeze_dim::<2>(1),
            None => rows,
        };
        Tokens { rows, batch: 1 }
    }

    /// # Shapes
    /// - `prompt`: `[B, C, tokens]`
    /// - output: `[B · C, tokens, width]`
    fn embed(&self, prompt: Tensor<3, Int>) -> Tensor<3> {
        let [batch, channels, tokens] = prompt.dims();
        let ids = prompt.reshape([batch * channels * tokens]);
        let rows = self.tokens.val().select(0, ids);
        let width = rows.dims()[1];
        rows.reshape([batch * channels, tokens, width])
    }
}

/// `count` of the first `all` numbers, ascending, determined by `seed`.
fn drawn(seed: u64, count: usize, all: usize) -> Vec<usize> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut left = count;
    (0..all)
        .filter(|number| {
            // Each is kept with the probability of those that are still wanted among those that are left.
            let draw = (u128::from(random.next_u64()) * (all - number) as u128) >> 64;
            let is_drawn = draw < left as u128;
            left -= usize::from(is_drawn);
            is_drawn
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use spat_spec::{ModuleId, Window};

    use super::*;
    use crate::{Forecaster, HasAttention as _, Prompts, read};

    fn config() -> TimeLlmConfig {
        TimeLlmConfig {
            d_model: 4,
            d_ff: 6,
            reprogramming_heads: 2,
            prototypes: 5,
            words: 40,
            prompt_tokens: 7,
            backbone_width: 8,
            backbone_heads: 2,
            layers: 2,
            positions: 16,
            vocabulary: 300,
            prune_backbone: true,
            ..TimeLlmConfig::new(Window::new(32, 4, 2))
        }
    }

    fn model(config: &TimeLlmConfig, seed: u64, device: &Device) -> TimeLlm {
        let structure = Structure::dense(config.clone().into());
        TimeLlm::init(&mut Initial::new(seed, device), config, &structure)
    }

    fn inputs(config: &TimeLlmConfig, windows: usize, device: &Device) -> Inputs {
        let values = Tensor::random([windows, 32, 2], Distribution::Default, &Device::flex());
        let rows = pollster::block_on(read(values.clone())).unwrap();
        let structure = Structure::dense(config.clone().into());
        let spec = structure.forecaster.inputs().prompt.unwrap();
        let prompts = Prompts::new(spec, structure.forecaster.window());
        let values = match device.is_autodiff() {
            true => Tensor::from_inner(values),
            false => values,
        };
        Inputs {
            prompt: Some(prompts.of_windows(rows.chunks_exact(64), device)),
            ..values.into()
        }
    }

    fn evaluate(model: &TimeLlm, inputs: Inputs) -> Vec<f32> {
        let forecast = model.forward(inputs, &mut ForwardContext::evaluation());
        pollster::block_on(read(forecast)).unwrap()
    }

    fn largest_difference(one: &[f32], other: &[f32]) -> f32 {
        let pairs = one.iter().zip(other);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn frozen_weights_have_no_gradients_and_are_neither_saved_nor_expected() {
        let config = config();
        let structure = Structure::dense(config.clone().into());
        let device = Device::flex().autodiff();
        let model = Forecaster::init(&structure, 1, &device);
        let Forecaster::TimeLlm(inner) = &model else {
            unreachable!()
        };
        let inputs = inputs(&config, 2, &device);
        let forecast = model.forward(inputs.clone(), &mut ForwardContext::evaluation());
        let gradients = forecast.clone().square().mean().backward();
        let block = &inner.backbone.blocks[0];
        let attention = block.attention.module.as_ref().unwrap();
        let weights = [&attention.query, &attention.output, &block.expand];
        let frozen = weights.map(|layer| layer.weight.val());
        let tables = [&inner.tokens, inner.words.as_ref().unwrap()].map(Param::val);
        for weight in frozen.iter().chain(&tables) {
            assert!(weight.grad(&gradients).is_none());
        }
        assert!(block.norm.gamma.val().grad(&gradients).is_none());
        assert!(inner.backbone.positions.val().grad(&gradients).is_none());
        // Gradients pass through.
        let reprogramming = inner.reprogramming.module.as_ref().unwrap();
        for layer in [&inner.embedding, &inner.mapping, &reprogramming.value] {
            let gradient = layer.weight.val().grad(&gradients).unwrap();
            assert!(gradient.abs().max().into_scalar::<f32>() > 0.0);
        }

        let weights = pollster::block_on(model.weights()).unwrap();
        let mut names: Vec<_> = weights.keys().map(String::as_str).collect();
        names.retain(|name| !name.starts_with("reprogramming.module."));
        assert_eq!(
            names,
            [
                "embedding.weight",
                "head.bias",
                "head.weight",
                "mapping.bias",
                "mapping.weight"
            ]
        );
        let loaded = Forecaster::init(&structure, 2, &device).with_weights(weights);
        let again = loaded
            .unwrap()
            .forward(inputs, &mut ForwardContext::evaluation());
        assert_eq!(again.into_data(), forecast.into_data());
    }

    /// So that the same windows have the same forecast in every batch.
    #[test]
    fn the_forecast_of_a_window_does_not_depend_on_its_batch() {
        let (config, device) = (config(), Device::flex());
        let model = model(&config, 1, &device);
        let both = inputs(&config, 2, &device);
        let last = Inputs {
            prompt: both.prompt.clone().map(|prompt| prompt.narrow(0, 1, 1)),
            ..both.values.clone().narrow(0, 1, 1).into()
        };
        let forecasts = evaluate(&model, both);
        let difference = largest_difference(&forecasts[8..], &evaluate(&model, last));
        assert!(difference < 1e-5, "{difference}");
    }

    #[test]
    fn the_forecast_depends_on_the_prompt() {
        let (config, device) = (config(), Device::flex());
        let model = model(&config, 1, &device);
        let inputs = inputs(&config, 1, &device);
        let other = Inputs {
            prompt: inputs.prompt.clone().map(|prompt| prompt.flip([2])),
            ..inputs.clone()
        };
        let without = Inputs {
            prompt: None,
            ..inputs.clone()
        };
        let forecast = evaluate(&model, inputs);
        for changed in [other, without] {
            assert!(largest_difference(&forecast, &evaluate(&model, changed)) > 1e-6);
        }
    }

    /// A prototype of some words is one of all words in which the others weigh nothing.
    #[test]
    fn prototypes_of_drawn_words_equal_those_of_all_without_the_others() {
        let (config, device) = (config(), Device::flex());
        let some = model(&config, 1, &device);
        let all = model(
            &TimeLlmConfig {
                words: 300,
                ..config.clone()
            },
            1,
            &device,
        );
        assert!(all.words.is_none());
        let rows = drawn(1, 40, 300);
        let values = pollster::block_on(read(some.mapping.weight.val())).unwrap();
        let mut weight = vec![0.0; 300 * 5];
        for (row, values) in rows.iter().zip(values.chunks_exact(5)) {
            weight[row * 5..][..5].copy_from_slice(values);
        }
        let mapping = Linear {
            weight: Initial::new(0, &device).param(weight, [300, 5]),
            bias: some.mapping.bias.clone(),
        };
        let all = TimeLlm { mapping, ..all };
        let [some, all] = [some, all].map(|model| model.prototypes().rows);
        let difference = (some - all).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-6, "{difference}");
    }

    #[test]
    fn as_many_numbers_are_drawn_as_asked_for() {
        for (count, all) in [(1, 1), (3, 10), (1000, 50_257), (9, 9)] {
            let rows = drawn(7, count, all);
            assert_eq!(rows.len(), count);
            assert!(rows.is_sorted_by(|a, b| a < b) && rows.iter().all(|&row| row < all));
        }
        assert_ne!(drawn(1, 3, 1000), drawn(2, 3, 1000));
    }

    /// Other weights of the training's seed, the same of the backbone's.
    #[test]
    fn frozen_weights_depend_on_the_backbones_seed_alone() {
        let (config, device) = (config(), Device::flex());
        let frozen = |config: &TimeLlmConfig, seed| {
            let model = model(config, seed, &device);
            let block = model.backbone.blocks[1].clone();
            let tensors = [
                model.tokens.val(),
                model.words.unwrap().val(),
                model.backbone.positions.val(),
                block.expand.weight.val(),
            ];
            tensors.map(Tensor::into_data)
        };
        let other = TimeLlmConfig {
            backbone_seed: 2,
            ..config.clone()
        };
        assert_eq!(frozen(&config, 1), frozen(&config, 2));
        let pairs = frozen(&config, 1).into_iter().zip(frozen(&other, 1));
        for (one, other) in pairs {
            assert_ne!(one, other);
        }
        // A model without a block has the same others.
        let structure = Structure::dense(config.clone().into());
        let first = [ModuleId::from("backbone.0.attention")];
        let pruned = structure.without_modules(&first).unwrap();
        let pruned = TimeLlm::init(&mut Initial::new(1, &device), &config, &pruned);
        assert!(pruned.slots()[1].module.is_none());
        let [one, other] = [pruned, model(&config, 1, &device)]
            .map(|model| model.backbone.blocks[1].expand.weight.val().into_data());
        assert_eq!(one, other);
    }

    #[test]
    fn all_slots_are_there_in_order() {
        let structure = Structure::dense(config().into());
        let model = Forecaster::init(&structure, 1, &Device::flex());
        let names: Vec<_> = model
            .active_attention_ids()
            .into_iter()
            .map(ModuleId::as_str)
            .collect();
        assert_eq!(
            names,
            [
                "reprogramming.attention",
                "backbone.0.attention",
                "backbone.1.attention"
            ]
        );
    }
}
