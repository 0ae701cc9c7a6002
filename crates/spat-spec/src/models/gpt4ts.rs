//! GPT4TS, "One Fits All" (arXiv 2302.11939): patches of a channel are the tokens of a frozen GPT-2. Its norms
//! and positions, the map of patches to tokens and the head are trained; attention and feed-forward parts are
//! not. Channels share all weights.
//!
//! SEND is defined for frozen attention, because gradients pass through it. Nobody has published the removal of
//! these modules: fine-tuning after it trains the same weights as before, norms, positions and both linear maps.
//!
//! Published settings: DAMO-DI-ML/NeurIPS2023-One-Fits-All, whose look-back is 336 or 512. Sets without a
//! script have those of Weather.

use serde::{Deserialize, Serialize};

use super::encoder::{attention_cost, check_heads, layer_activations};
use super::field::{Field, LARGEST_AXIS};
use super::spec::window_fields;
use super::{AttentionSite, Axis, BackboneFile, BackboneSizes, ModelSpec, Size, Variant, Window};
use crate::{
    AttentionStructure, ConfigError, Cost, ForecasterConfig, ModuleId, Preset, Schedule,
    TrainingConfig,
};

/// Rows of GPT-2's position table.
const POSITIONS: usize = 1024;

/// GPT4TS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpt4TsConfig {
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
    /// Width of a token. The hidden width of the feed-forward parts is four times as much.
    pub d_model: usize,
    /// Attention heads per module; divides `d_model`.
    pub heads: usize,
    /// Blocks, each with one attention module; the first of the backbone's.
    pub layers: usize,
    /// Rows of the position table, at least as many as patches.
    pub positions: usize,
    /// Dropout probability inside the backbone, in `[0, 1)`.
    pub dropout: f64,
    /// Seed of the frozen weights where they come from no file.
    pub backbone_seed: usize,
    /// The file of the frozen weights; without one they are drawn from `backbone_seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone: Option<BackboneFile>,
}

impl Gpt4TsConfig {
    /// The published depth and patches, with a narrow random backbone.
    pub fn new(window: Window) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            patch_len: 16.min(window.lookback.max(1)),
            stride: 8.min(window.lookback.max(1)),
            d_model: 64,
            heads: 4,
            layers: 6,
            positions: POSITIONS,
            dropout: 0.1,
            backbone_seed: 1,
            backbone: None,
        }
    }

    /// Tokens per channel: patches of the window after it is padded at the end by one stride.
    pub fn patches(&self) -> usize {
        (self.lookback - self.patch_len) / self.stride + 2
    }

    /// Hidden width of the feed-forward parts.
    pub fn d_ff(&self) -> usize {
        self.d_model.saturating_mul(4)
    }

    /// The sizes of the backbone.
    pub fn backbone_sizes(&self) -> BackboneSizes {
        BackboneSizes {
            width: self.d_model,
            heads: self.heads,
            layers: self.layers,
            positions: self.positions,
            vocabulary: None,
        }
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (lookback, stride, batch) = match set {
            Preset::Etth1 | Preset::Etth2 => (336, 8, 256),
            Preset::Ettm1 | Preset::Ettm2 => (512, 16, 256),
            _ => (512, 8, 512),
        };
        let config = Self {
            stride,
            d_model: 768,
            heads: 12,
            ..Self::new(Window::new(lookback, horizon, channels))
        };
        let training = TrainingConfig {
            epochs: 10,
            batch,
            schedule: Schedule::Cosine,
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn head_width(&self) -> usize {
        self.d_model / self.heads.max(1)
    }

    /// Of each attention module that is kept, over the patches of a channel.
    fn attention_costs(&self, kept: &[AttentionStructure]) -> impl Iterator<Item = Cost> {
        let (patches, width) = (self.patches() as u64, self.d_model as u64);
        let head_width = self.head_width() as u64;
        kept.iter()
            .map(move |slot| slot.heads.len() as u64 * head_width)
            .filter(|&inner| inner > 0)
            .map(move |inner| attention_cost(width, inner, patches, patches))
    }

    fn norm_params(&self) -> u64 {
        2 * self.d_model as u64
    }
}

impl ModelSpec for Gpt4TsConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Layers",
            "Blocks of the backbone, each with one attention module",
            |c| &mut c.layers,
        ),
        Field::width("Width of a token", |c| &mut c.d_model),
        Field::heads(|c| &mut c.heads),
        Field::dropout(|c| &mut c.dropout),
        Field::patch(|c| &mut c.patch_len),
        Field::stride(|c| &mut c.stride),
        Field::count(
            "backbone-seed",
            "Seed of the frozen weights",
            "Seed of the frozen weights, which are random unless the command line names a file of them",
            LARGEST_AXIS,
            |c| &mut c.backbone_seed,
        ),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "gpt4ts",
        name: "GPT4TS",
        title: "GPT4TS: patches through a frozen GPT-2, norms and ends are trained",
        paper: "arXiv 2302.11939",
        new: |window, _| (Self::new(window).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    window_fields!();

    /// At a small size patches do not overlap, which halves the tokens of each channel, and there is a block less:
    /// all channels pass all of them.
    fn resize(&mut self, size: Size) {
        self.stride = size.patch_stride(self.patch_len);
        self.d_model = size.width;
        self.layers = size.fewer_layers();
        self.heads = size.heads;
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.lookback < self.patch_len {
            return Err(ConfigError::new(
                format!(
                    "a look-back of {} rows holds no patch of {} rows",
                    self.lookback, self.patch_len
                ),
                "lengthen the look-back or shorten the patches",
            ));
        }
        if !(1..=LARGEST_AXIS).contains(&self.positions) || self.patches() > self.positions {
            return Err(ConfigError::new(
                format!(
                    "the look-back has {} patches, but the backbone {} positions",
                    self.patches(),
                    self.positions
                ),
                "lengthen the stride or shorten the look-back",
            ));
        }
        check_heads(self.d_model, self.heads)
    }

    fn layers(&self) -> usize {
        self.layers
    }

    fn sites(&self) -> Vec<AttentionSite> {
        let axis = Axis::Patches {
            count: self.patches(),
        };
        (0..self.layers)
            .map(|layer| {
                let id = ModuleId::new("backbone", layer, "attention");
                let site = AttentionSite::new(id, self.heads, self.head_width(), axis, axis);
                site.causal().frozen()
            })
            .collect()
    }

    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (n, p, d, ff, t) = (
            self.patches() as u64,
            self.patch_len as u64,
            self.d_model as u64,
            self.d_ff() as u64,
            self.horizon as u64,
        );
        let (layers, norm) = (self.layers as u64, self.norm_params());
        let head = n * d * t;
        let rest = Cost {
            // Each block's second norm, and the final one. The first norm belongs to the attention module.
            params: (p * d + d) + head + t + self.positions as u64 * d + (layers + 1) * norm,
            macs: (n * p * d + head).saturating_add((2 * n * d * ff).saturating_mul(layers)),
        };
        let attention = self.attention_costs(kept).map(|cost| Cost {
            params: norm,
            ..cost
        });
        attention
            .fold(rest, |total, cost| total + cost)
            .over(self.channels as u64)
    }

    fn frozen(&self, kept: &[AttentionStructure]) -> u64 {
        let (d, ff) = (self.d_model as u64, self.d_ff() as u64);
        let feed_forward = (2 * d * ff + ff + d).saturating_mul(self.layers as u64);
        self.attention_costs(kept)
            .fold(feed_forward, |total, cost| {
                total.saturating_add(cost.params)
            })
    }

    fn backbone(&self) -> Option<(&BackboneFile, BackboneSizes)> {
        self.backbone
            .as_ref()
            .map(|file| (file, self.backbone_sizes()))
    }

    /// Uses as many blocks as before, or all that the file has.
    fn set_backbone(&mut self, file: BackboneFile, sizes: BackboneSizes) -> bool {
        self.backbone = Some(file);
        self.d_model = sizes.width;
        self.heads = sizes.heads;
        self.layers = self.layers.min(sizes.layers);
        self.positions = sizes.positions;
        true
    }

    fn activations(&self) -> f64 {
        let tokens = self.patches() as f64;
        let layer = layer_activations([self.d_model, self.d_ff(), self.heads], tokens, tokens);
        self.layers as f64 * self.channels as f64 * layer + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "patches meet only in the head"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Experiment, Scorer, Structure};

    /// Of one channel, as the public code with GPT-2 small.
    fn structure(lookback: usize, stride: usize, horizon: usize) -> Structure {
        let config = Gpt4TsConfig {
            stride,
            d_model: 768,
            heads: 12,
            ..Gpt4TsConfig::new(Window::new(lookback, horizon, 1))
        };
        Structure::dense(config.into())
    }

    #[test]
    fn counts_are_those_of_the_public_code() {
        for (lookback, stride, horizon, params, macs) in [
            (336, 8, 96, 3_916_128, 1_803_497_472),
            (512, 16, 96, 3_252_576, 1_414_296_576),
            (512, 8, 96, 5_538_144, 2_761_162_752),
            (96, 8, 96, 1_704_288, 511_967_232),
        ] {
            let cost = structure(lookback, stride, horizon).cost();
            assert_eq!(cost, Cost { params, macs }, "{lookback} {stride} {horizon}");
        }
        assert_eq!(structure(336, 8, 720).cost().params, 24_044_496);
        // With the token table, which the public code keeps and never reads.
        let structure = structure(336, 8, 96);
        let held = structure.cost().params + structure.frozen() + 50_257 * 768;
        assert_eq!(held, 85_022_304);
    }

    #[test]
    fn a_removed_module_takes_its_norm_and_its_frozen_weights_with_it() {
        let dense = structure(336, 8, 96);
        let first = [ModuleId::from("backbone.0.attention")];
        let left = dense.clone().without_modules(&first).unwrap();
        assert_eq!(dense.cost().params - left.cost().params, 2 * 768);
        assert_eq!(
            dense.cost().macs - left.cost().macs,
            4 * 42 * 768 * 768 + 2 * 42 * 42 * 768
        );
        assert_eq!(dense.frozen() - left.frozen(), 4 * (768 * 768 + 768));
    }

    #[test]
    fn more_patches_than_positions_are_refused() {
        let config = Gpt4TsConfig {
            positions: 11,
            ..Gpt4TsConfig::new(Window::new(96, 96, 7))
        };
        let error = ForecasterConfig::from(config).check().unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("12 patches") && error.contains("11"),
            "{error}"
        );
    }

    /// Before anything is trained.
    #[test]
    fn scorers_of_trainable_weights_are_refused() {
        let forecaster = ForecasterConfig::from(Gpt4TsConfig::new(Window::new(96, 96, 7)));
        for scorer in Scorer::ALL {
            let training = TrainingConfig::default();
            let experiment = Experiment {
                data: Default::default(),
                forecaster: forecaster.clone(),
                finetune: Experiment::finetune_like(&training),
                training,
                scorer,
                send: Default::default(),
                prune: Default::default(),
                controls: Default::default(),
                seed: 1,
            };
            let refused = experiment.check().err().map(|error| error.to_string());
            assert_eq!(
                refused.is_some_and(|reason| reason.contains("frozen")),
                scorer.needs().trainable_weights,
                "{scorer}"
            );
        }
    }

    #[test]
    fn a_file_sets_the_sizes_and_is_part_of_the_json() {
        let mut config = ForecasterConfig::from(Gpt4TsConfig::new(Window::new(96, 96, 7)));
        let json = serde_json::to_string(&config).unwrap();
        assert!(!json.contains("\"backbone\""), "{json}");
        let file = BackboneFile {
            name: "model.safetensors".to_owned(),
            sha256: "00".repeat(32),
        };
        let sizes = BackboneSizes {
            width: 48,
            heads: 3,
            layers: 4,
            positions: 20,
            vocabulary: None,
        };
        assert!(config.set_backbone(file.clone(), sizes));
        assert_eq!(config.backbone(), Some((&file, sizes)));
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(
            serde_json::from_str::<ForecasterConfig>(&json).unwrap(),
            config
        );
        let mut other = ForecasterConfig::from(crate::DLinearConfig::new(Window::new(96, 96, 7)));
        assert!(!other.set_backbone(file, sizes) && other.backbone().is_none());
    }
}
