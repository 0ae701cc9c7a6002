//! Time-LLM (arXiv 2310.01728): a frozen GPT-2 reads a prompt of words about a channel's look-back, and then the
//! channel's patches as mixtures of word prototypes. Attention from patches to prototypes ("reprogramming"), the
//! map of words to prototypes and a head over the patches' outputs are trained. Channels share all weights.
//!
//! Differences from the public code (KimMeen/Time-LLM at 0045cde): prompts have a fixed number of tokens, because
//! without an attention mask a window's forecast would depend on the longest prompt of its batch; patches are not
//! rounded to bfloat16. As in every published script, the prompt describes ETT, whatever the table is.
//!
//! A smaller backbone, fewer prototypes, or prototypes of a part of the vocabulary make a *reduced* model, whose
//! results cannot be compared with published ones. The default is reduced, and its backbone is random.
//!
//! Published settings: the repository's scripts, with GPT-2 small and the code's default of six blocks in place
//! of Llama. A sample there is one channel, so a batch has as many channels as eight devices take together. Where
//! the rate halves, the code starts at a 25th of the rate that its scripts name, because it reads the start of an
//! unused one-cycle schedule. Sets without a script have those of Weather.

use serde::{Deserialize, Serialize};

use super::encoder::{attention_cost, check_heads, layer_activations};
use super::field::{Field, LARGEST_AXIS, LARGEST_WIDTH};
use super::spec::window_fields;
use super::{
    AttentionSite, Axis, BackboneFile, BackboneSizes, InputSpec, ModelSpec, PromptSpec, Size,
    Variant, Window,
};
use crate::{
    AttentionStructure, ConfigError, Cost, ForecasterConfig, ModuleId, Preset, Schedule,
    TrainingConfig,
};

/// Rows of GPT-2's position table.
const POSITIONS: usize = 1024;

/// Tokens of GPT-2's vocabulary, the last of which marks the end of a text.
const VOCABULARY: usize = 50_257;

/// Single bytes, and the end of a text.
const SMALLEST_VOCABULARY: usize = 257;

/// The largest number of prompt tokens: GPT-2's positions without some for patches.
const LONGEST_PROMPT: usize = 1000;

/// Series per training step: 24 on each of eight devices.
const SERIES: usize = 192;

const ONLY_WAY: &str =
    "only through it and through the numbers of the prompt does the series reach the backbone";

const BACKBONE_IS_KEPT: &str =
    "the frozen backbone is kept whole; --prune-backbone makes its attention removable";

/// Time-LLM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeLlmConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out; they share all weights.
    pub channels: usize,
    /// Rows per patch.
    pub patch_len: usize,
    /// Rows between the starts of two patches; also the end padding.
    pub stride: usize,
    /// Width of a patch before it is reprogrammed.
    pub d_model: usize,
    /// Width of a head of the reprogramming attention, and how many numbers of each of the backbone's outputs the
    /// forecast is made of; at most `backbone_width`.
    pub d_ff: usize,
    /// Heads of the reprogramming attention.
    pub reprogramming_heads: usize,
    /// Word prototypes that patches attend to.
    pub prototypes: usize,
    /// Rows of the token table that prototypes are mixtures of, drawn from `backbone_seed`; all if there are no
    /// more.
    pub words: usize,
    /// Tokens of a prompt: longer ones are cut off at the end, shorter ones filled with the end of text.
    pub prompt_tokens: usize,
    /// Dropout probability of patches, reprogramming, backbone and forecast, in `[0, 1)`.
    pub dropout: f64,
    /// Whether attention modules of the backbone may be removed.
    pub prune_backbone: bool,
    /// Width of the backbone's tokens.
    pub backbone_width: usize,
    /// Attention heads per module of the backbone; divides `backbone_width`.
    pub backbone_heads: usize,
    /// Blocks of the backbone that are used, each with one attention module; the first ones.
    pub layers: usize,
    /// Rows of the position table, at least as many as tokens of prompt and patches.
    pub positions: usize,
    /// Rows of the token table.
    pub vocabulary: usize,
    /// Seed of the frozen weights where they come from no file, and of the drawn words.
    pub backbone_seed: usize,
    /// The file of the frozen weights; without one they are drawn from `backbone_seed`. Boxed, so that this
    /// configuration is not much larger than the others of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone: Option<Box<BackboneFile>>,
}

impl TimeLlmConfig {
    /// The published patches, with a narrow random backbone of three blocks and few prototypes.
    pub fn new(window: Window) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            patch_len: 16.min(window.lookback.max(1)),
            stride: 8.min(window.lookback.max(1)),
            d_model: 16,
            d_ff: 32,
            reprogramming_heads: 4,
            prototypes: 100,
            words: 1000,
            prompt_tokens: 160,
            dropout: 0.1,
            prune_backbone: false,
            backbone_width: 64,
            backbone_heads: 4,
            layers: 3,
            positions: POSITIONS,
            vocabulary: VOCABULARY,
            backbone_seed: 1,
            backbone: None,
        }
    }

    /// Patches of a channel, after it is padded at the end by one stride.
    pub fn patches(&self) -> usize {
        (self.lookback - self.patch_len) / self.stride + 2
    }

    /// Rows of the token table that prototypes are mixtures of.
    pub fn mixed_words(&self) -> usize {
        self.words.min(self.vocabulary)
    }

    /// The sizes of the backbone.
    pub fn backbone_sizes(&self) -> BackboneSizes {
        BackboneSizes {
            width: self.backbone_width,
            heads: self.backbone_heads,
            layers: self.layers,
            positions: self.positions,
            vocabulary: Some(self.vocabulary),
        }
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let one_cycle = Schedule::OneCycle { rising: 0.2 };
        // The code's `type1` starts where the one-cycle schedule would.
        let halving = |rate: f64| (rate / 25.0, Schedule::Halving);
        let (learning_rate, schedule) = match (set, horizon) {
            (Preset::Etth1, 336) => (1e-3, Schedule::Cosine),
            (Preset::Etth1, 192) => halving(0.02),
            (Preset::Etth2 | Preset::Ettm2, 192) => (2e-3, one_cycle),
            (Preset::Etth2, 336 | 720) => (5e-3, one_cycle),
            (Preset::Ettm2, 336 | 720) => (2e-3, one_cycle),
            (Preset::Ettm1, _) => (1e-3, one_cycle),
            _ => halving(0.01),
        };
        let epochs = match (set, horizon) {
            (Preset::Etth1 | Preset::Ettm1, _) => 100,
            (Preset::Etth2, 720) => 20,
            (Preset::Etth2 | Preset::Ettm2, _) => 10,
            (_, 720) => 15,
            _ => 10,
        };
        let is_narrow = |set| {
            !matches!(
                set,
                Preset::Etth1 | Preset::Etth2 | Preset::Ettm1 | Preset::Ettm2
            )
        };
        let config = Self {
            d_model: match (set, horizon) {
                (Preset::Etth2, 720) => 16,
                _ => 32,
            },
            d_ff: match horizon {
                96 | 192 if is_narrow(set) => 32,
                _ => 128,
            },
            reprogramming_heads: 8,
            prototypes: 1000,
            words: VOCABULARY,
            backbone_width: 768,
            backbone_heads: 12,
            layers: 6,
            ..Self::new(Window::new(512, horizon, channels))
        };
        let training = TrainingConfig {
            epochs,
            batch: (SERIES / channels.max(1)).max(1),
            learning_rate,
            schedule,
            patience: Some(10),
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    /// Tokens that the backbone reads.
    fn tokens(&self) -> usize {
        self.prompt_tokens + self.patches()
    }

    /// Over the tokens of a channel, for each attention module of the backbone that is kept.
    fn backbone_attention<'a>(
        &self,
        kept: &'a [AttentionStructure],
    ) -> impl Iterator<Item = Cost> + use<'a> {
        let (tokens, width) = (self.tokens() as u64, self.backbone_width as u64);
        let head_width = width / self.backbone_heads.max(1) as u64;
        kept.iter()
            .skip(1)
            .map(move |slot| slot.heads.len() as u64 * head_width)
            .filter(|&inner| inner > 0)
            .map(move |inner| attention_cost(width, inner, tokens, tokens))
    }

    /// Columns of the reprogramming attention's heads that are kept.
    fn reprogramming_columns(&self, kept: &[AttentionStructure]) -> u64 {
        let heads = kept.first().map_or(0, |slot| slot.heads.len());
        heads as u64 * self.d_ff as u64
    }
}

impl ModelSpec for TimeLlmConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Layers",
            "Blocks of the backbone, each with one attention module; six are published with GPT-2, fewer are a \
             reduced model",
            |c| &mut c.layers,
        ),
        Field::count(
            "width",
            "Width of the backbone",
            "Width of the backbone's tokens",
            LARGEST_WIDTH,
            |c| &mut c.backbone_width,
        ),
        Field::heads(|c| &mut c.backbone_heads),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::count(
            "patch-width",
            "Width of a patch (d_model)",
            "Width of a patch before it is reprogrammed",
            LARGEST_WIDTH,
            |c| &mut c.d_model,
        ),
        Field::count(
            "reprogramming-heads",
            "Reprogramming heads",
            "Heads of the attention from patches to prototypes",
            LARGEST_WIDTH,
            |c| &mut c.reprogramming_heads,
        ),
        Field::count(
            "prototypes",
            "Word prototypes",
            "Word prototypes that patches attend to; 1000 are published, fewer are a reduced model",
            LARGEST_AXIS,
            |c| &mut c.prototypes,
        ),
        Field::count(
            "words",
            "Words",
            "Rows of the token table that prototypes are mixtures of, drawn at random; the whole table is \
             published, fewer are a reduced model",
            LARGEST_AXIS,
            |c| &mut c.words,
        ),
        Field::count(
            "prompt",
            "Prompt, tokens",
            "Tokens of a prompt; longer prompts are cut off at the end, shorter ones filled",
            LONGEST_PROMPT,
            |c| &mut c.prompt_tokens,
        ),
        Field::dropout(|c| &mut c.dropout),
        Field::patch(|c| &mut c.patch_len),
        Field::stride(|c| &mut c.stride),
        Field::switch(
            "prune-backbone",
            "Prune the backbone",
            "Attention modules of the frozen backbone may be removed; without it they are only scored",
            |c| &mut c.prune_backbone,
        ),
        Field::count(
            "backbone-seed",
            "Seed of the frozen weights",
            "Seed of the frozen weights, which are random unless the command line names a file of them",
            LARGEST_AXIS,
            |c| &mut c.backbone_seed,
        ),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "time-llm",
        name: "Time-LLM",
        title: "Time-LLM: patches as mixtures of words, after a prompt, through a frozen GPT-2",
        paper: "arXiv 2310.01728",
        new: |window, _| (Self::new(window).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    window_fields!();

    /// All tokens of prompt and patches pass the backbone once per channel, so a step costs hundreds of times that of
    /// iTransformer. At a small size one block reads the start of the prompt, which states nothing about the window,
    /// and patches that do not overlap; words, prototypes and heads that rewrite patches are few.
    fn resize(&mut self, size: Size) {
        let usual = Self::new(self.window());
        let small = size.is_small();
        self.stride = size.patch_stride(self.patch_len);
        self.backbone_width = size.width;
        self.backbone_heads = size.heads;
        self.layers = if small { 1 } else { size.layers };
        self.reprogramming_heads = if small { 1 } else { size.heads };
        self.d_ff = if small { 8 } else { usual.d_ff.min(size.width) };
        self.prompt_tokens = if small { 4 } else { usual.prompt_tokens };
        self.prototypes = if small { 20 } else { usual.prototypes };
        self.words = if small { 300 } else { usual.words };
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |problem: String, way_out: &str| Err(ConfigError::new(problem, way_out));
        if self.lookback < self.patch_len {
            return refuse(
                format!(
                    "a look-back of {} rows holds no patch of {} rows",
                    self.lookback, self.patch_len
                ),
                "lengthen the look-back or shorten the patches",
            );
        }
        if !(SMALLEST_VOCABULARY..=LARGEST_AXIS).contains(&self.vocabulary) {
            return refuse(
                format!(
                    "the backbone's vocabulary has {} tokens, which do not hold every byte and the end of a text",
                    self.vocabulary
                ),
                "use a GPT-2 with at least 257 tokens, those of its own tokeniser",
            );
        }
        if !(1..=LARGEST_AXIS).contains(&self.positions) || self.tokens() > self.positions {
            return refuse(
                format!(
                    "{} tokens of the prompt and {} patches need more than the backbone's {} positions",
                    self.prompt_tokens,
                    self.patches(),
                    self.positions
                ),
                "shorten the prompt, lengthen the stride or shorten the look-back",
            );
        }
        if self.d_ff > self.backbone_width {
            return refuse(
                format!(
                    "the forecast cannot be made of {} numbers of each of the backbone's outputs, which have {}",
                    self.d_ff, self.backbone_width
                ),
                "use fewer features (--ff) or a wider backbone",
            );
        }
        check_heads(self.backbone_width, self.backbone_heads)
    }

    fn layers(&self) -> usize {
        self.layers
    }

    fn inputs(&self) -> InputSpec {
        InputSpec {
            prompt: Some(PromptSpec {
                tokens: self.prompt_tokens,
                vocabulary: self.vocabulary,
            }),
            ..InputSpec::default()
        }
    }

    fn sites(&self) -> Vec<AttentionSite> {
        let patches = self.patches();
        let reprogramming = AttentionSite {
            protected: Some(ONLY_WAY),
            ..AttentionSite::new(
                ModuleId::from("reprogramming.attention"),
                self.reprogramming_heads,
                self.d_ff,
                Axis::Patches { count: patches },
                Axis::Prototypes {
                    count: self.prototypes,
                },
            )
        };
        let axis = Axis::PromptAndPatches {
            prompt: self.prompt_tokens,
            patches,
        };
        let head_width = self.backbone_width / self.backbone_heads.max(1);
        let backbone = (0..self.layers).map(|layer| {
            let id = ModuleId::new("backbone", layer, "attention");
            let site = AttentionSite::new(id, self.backbone_heads, head_width, axis, axis);
            AttentionSite {
                protected: (!self.prune_backbone).then_some(BACKBONE_IS_KEPT),
                ..site.causal().frozen()
            }
        });
        std::iter::once(reprogramming).chain(backbone).collect()
    }

    /// MACs of a window do not include prototypes and their keys and values, which all windows share.
    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (n, p, d, f, t) = (
            self.patches() as u64,
            self.patch_len as u64,
            self.d_model as u64,
            self.d_ff as u64,
            self.horizon as u64,
        );
        let (width, prototypes, words) = (
            self.backbone_width as u64,
            self.prototypes as u64,
            self.mixed_words() as u64,
        );
        let ends = Cost {
            params: 3 * p * d + (words * prototypes + prototypes) + (n * f * t + t),
            macs: n * 3 * p * d + n * f * t,
        };
        let inner = self.reprogramming_columns(kept);
        let reprogramming = Cost {
            params: match inner {
                0 => 0,
                inner => (d + 2 * width + 3) * inner + inner * width + width,
            },
            macs: (n * inner * (d + width))
                .saturating_add((2 * n * inner).saturating_mul(prototypes)),
        };
        let feed_forward = Cost {
            params: 0,
            macs: (8 * self.tokens() as u64 * width * width).saturating_mul(self.layers as u64),
        };
        let attention = self
            .backbone_attention(kept)
            .map(|cost| Cost { params: 0, ..cost });
        attention
            .fold(ends + reprogramming + feed_forward, |total, cost| {
                total + cost
            })
            .over(self.channels as u64)
    }

    fn frozen(&self, kept: &[AttentionStructure]) -> u64 {
        let (width, layers) = (self.backbone_width as u64, self.layers as u64);
        let norm = 2 * width;
        let drawn = match self.mixed_words() < self.vocabulary {
            true => self.mixed_words() as u64,
            false => 0,
        };
        let tables = (self.vocabulary as u64 + drawn + self.positions as u64) * width;
        // Each block's second norm, and the final one. The first norm belongs to the attention module.
        let blocks = (8 * width * width + 5 * width + norm).saturating_mul(layers);
        self.backbone_attention(kept)
            .fold(tables.saturating_add(blocks) + norm, |total, cost| {
                total.saturating_add(cost.params + norm)
            })
    }

    fn backbone(&self) -> Option<(&BackboneFile, BackboneSizes)> {
        self.backbone
            .as_deref()
            .map(|file| (file, self.backbone_sizes()))
    }

    /// Uses as many blocks as before, or all that the file has, and at most as many features as tokens have.
    fn set_backbone(&mut self, file: BackboneFile, sizes: BackboneSizes) -> bool {
        self.backbone = Some(Box::new(file));
        self.backbone_width = sizes.width;
        self.backbone_heads = sizes.heads;
        self.layers = self.layers.min(sizes.layers);
        self.positions = sizes.positions;
        self.vocabulary = sizes.vocabulary.unwrap_or(self.vocabulary);
        self.d_ff = self.d_ff.min(sizes.width);
        true
    }

    fn activations(&self) -> f64 {
        let [n, tokens, width, prototypes] = [
            self.patches(),
            self.tokens(),
            self.backbone_width,
            self.prototypes,
        ]
        .map(|size| size as f64);
        let inner = self.reprogramming_heads as f64 * self.d_ff as f64;
        let maps = 4.0 * self.reprogramming_heads as f64 * prototypes;
        let reprogramming = n * (maps + 4.0 * inner + 2.0 * width);
        let sizes = [
            self.backbone_width,
            self.backbone_width.saturating_mul(4),
            self.backbone_heads,
        ];
        let backbone = self.layers as f64 * layer_activations(sizes, tokens, tokens);
        self.channels as f64 * (reprogramming + backbone) + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "the forecast is made of the prompt alone"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Structure;

    /// Of one channel, as the public code with GPT-2 small.
    fn published(lookback: usize) -> TimeLlmConfig {
        let (config, _) = TimeLlmConfig::published(Preset::Etth1, 96, 1, true);
        let ForecasterConfig::TimeLlm(config) = config else {
            unreachable!()
        };
        TimeLlmConfig { lookback, ..config }
    }

    #[test]
    fn parameters_are_those_of_the_public_code() {
        let params = |config: TimeLlmConfig| Structure::dense(config.into()).cost().params;
        assert_eq!(params(published(512)), 53_441_968);
        assert_eq!(params(published(96)), 52_802_992);
        // With a token table of 32,000 rows of 4096, as Llama's.
        let llama = TimeLlmConfig {
            backbone_width: 4096,
            backbone_heads: 32,
            vocabulary: 32_000,
            ..published(512)
        };
        assert_eq!(params(llama), 45_411_912);
        let without_mapping = TimeLlmConfig {
            prototypes: 1,
            words: 1,
            ..published(512)
        };
        assert_eq!(params(without_mapping), 3_183_968 + 2);
    }

    #[test]
    fn operations_are_those_of_the_public_code_without_what_all_windows_share() {
        let config = TimeLlmConfig {
            prompt_tokens: 128,
            ..published(512)
        };
        let (patches, query, maps, output, head) =
            (98_304, 2_097_152, 131_072_000, 50_331_648, 786_432);
        let tokens = 128 + 64;
        let block = 12 * tokens * 768 * 768 + 2 * tokens * tokens * 768;
        let cost = Structure::dense(config.clone().into()).cost();
        assert_eq!(
            cost.macs,
            patches + query + maps + output + head + 6 * block
        );
        let channels = TimeLlmConfig {
            channels: 7,
            ..config
        };
        let seven = Structure::dense(channels.into()).cost();
        assert_eq!(seven, cost.over(7));
    }

    #[test]
    fn frozen_numbers_are_those_of_gpt_2() {
        let config = TimeLlmConfig {
            layers: 12,
            ..published(512)
        };
        assert_eq!(
            Structure::dense(config.clone().into()).frozen(),
            124_439_808
        );
        // A part of the table is held once more, as prototypes are mixtures of it.
        let reduced = TimeLlmConfig {
            words: 5000,
            ..config
        };
        let reduced = Structure::dense(reduced.into());
        assert_eq!(reduced.frozen(), 124_439_808 + 5000 * 768);
        assert_eq!(reduced.cost().params, 53_441_968 - (50_257 - 5000) * 1000);
    }

    #[test]
    fn the_backbone_is_pruned_only_if_asked() {
        let config = TimeLlmConfig::new(Window::new(96, 96, 7));
        let dense = Structure::dense(config.clone().into());
        let module = [ModuleId::from("backbone.1.attention")];
        let refused = dense.clone().without_modules(&module).unwrap_err();
        assert!(
            refused.to_string().contains("--prune-backbone"),
            "{refused}"
        );
        let config = TimeLlmConfig {
            prune_backbone: true,
            ..config
        };
        let dense = Structure::dense(config.into());
        let left = dense.clone().without_modules(&module).unwrap();
        assert_eq!(dense.cost().params, left.cost().params);
        let tokens = 160 + 12;
        assert_eq!(
            dense.cost().macs - left.cost().macs,
            7 * (4 * tokens * 64 * 64 + 2 * tokens * tokens * 64)
        );
        assert_eq!(dense.frozen() - left.frozen(), 4 * (64 * 64 + 64) + 2 * 64);
        let only_way = [ModuleId::from("reprogramming.attention")];
        assert!(dense.without_modules(&only_way).is_err());
    }

    #[test]
    fn settings_that_do_not_fit_are_refused_with_a_way_out() {
        let fits = TimeLlmConfig::new(Window::new(96, 96, 7));
        for (config, found, way_out) in [
            (
                TimeLlmConfig {
                    patch_len: 97,
                    ..fits.clone()
                },
                "97 rows",
                "shorten the patches",
            ),
            (
                TimeLlmConfig {
                    vocabulary: 256,
                    ..fits.clone()
                },
                "256 tokens",
                "at least 257",
            ),
            (
                TimeLlmConfig {
                    positions: 171,
                    ..fits.clone()
                },
                "160 tokens of the prompt and 12 patches",
                "shorten the prompt",
            ),
            (
                TimeLlmConfig {
                    d_ff: 65,
                    ..fits.clone()
                },
                "65 numbers",
                "--ff",
            ),
            (
                TimeLlmConfig {
                    backbone_heads: 5,
                    ..fits
                },
                "5 heads",
                "multiple of 5",
            ),
        ] {
            let error = ForecasterConfig::from(config).check().unwrap_err();
            let error = error.to_string();
            assert!(error.contains(found) && error.contains(way_out), "{error}");
        }
    }

    #[test]
    fn a_file_sets_sizes_and_vocabulary() {
        let mut config = ForecasterConfig::from(TimeLlmConfig::new(Window::new(96, 96, 7)));
        let file = BackboneFile {
            name: "model.safetensors".to_owned(),
            sha256: "00".repeat(32),
        };
        let sizes = BackboneSizes {
            width: 24,
            heads: 3,
            layers: 2,
            positions: 200,
            vocabulary: Some(300),
        };
        assert!(config.set_backbone(file.clone(), sizes));
        assert_eq!(config.backbone(), Some((&file, sizes)));
        config.check().unwrap();
        let prompt = config.inputs().prompt.unwrap();
        assert_eq!(prompt.vocabulary, 300);
    }
}
