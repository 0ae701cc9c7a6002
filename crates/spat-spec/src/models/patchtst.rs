//! PatchTST (arXiv 2211.14730): patches of a channel are tokens, and channels share all weights.
//!
//! Published settings: thuml/Time-Series-Library `scripts/long_term_forecast` at 4e938a1, and
//! yuqinie98/PatchTST `scripts/PatchTST` at 204c21e, whose look-back is 336.

use serde::{Deserialize, Serialize};

use super::encoder::EncoderShape;
use super::field::Field;
use super::spec::window_fields;
use super::{AttentionSite, Axis, ModelSpec, Size, Variant, Window};
use crate::{
    AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, Schedule, TrainingConfig,
};

/// Which public code is followed. The two differ in norms, positions and score residuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchTstLayout {
    /// Time-Series-Library: LayerNorm in the layers, BatchNorm at the end, sinusoidal positions, no
    /// bias on the patch projection.
    Library,
    /// The authors' code: BatchNorm in the layers, no final norm, learned positions, and each layer's
    /// pre-softmax scores added to the next layer's (`res_attention`).
    Authors,
}

/// PatchTST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatchTstConfig {
    /// Which public code is followed.
    pub layout: PatchTstLayout,
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
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward part.
    pub d_ff: usize,
    /// Attention heads per module; divides `d_model`.
    pub heads: usize,
    /// Encoder layers, each with one attention module.
    pub layers: usize,
    /// Dropout probability inside the encoder, in `[0, 1)`.
    pub dropout: f64,
    /// Dropout probability before the flatten head.
    pub head_dropout: f64,
}

impl PatchTstConfig {
    /// Time-Series-Library's layout with patches of 16 rows every 8, small.
    pub fn new(window: Window) -> Self {
        Self {
            layout: PatchTstLayout::Library,
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            patch_len: 16.min(window.lookback.max(1)),
            stride: 8.min(window.lookback.max(1)),
            d_model: 128,
            d_ff: 256,
            heads: 8,
            layers: 3,
            dropout: 0.1,
            head_dropout: 0.1,
        }
    }

    /// The authors' layout, small.
    pub fn authors(window: Window) -> Self {
        Self {
            layout: PatchTstLayout::Authors,
            head_dropout: 0.0,
            ..Self::new(window)
        }
    }

    /// Tokens per channel: patches of the window after it is padded at the end by one stride.
    pub fn patches(&self) -> usize {
        (self.lookback - self.patch_len) / self.stride + 2
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (layers, heads, batch) = match (set, horizon) {
            (Preset::Etth1, 96) => (1, 2, 32),
            (Preset::Etth1, 720) => (1, 16, 32),
            (Preset::Etth1, _) => (1, 8, 32),
            (Preset::Etth2, _) => (3, 4, 32),
            (Preset::Ettm1, 96) => (1, 2, 32),
            (Preset::Ettm2, 96) => (3, 16, 32),
            (Preset::Ettm1 | Preset::Ettm2, 192) => (3, 2, 128),
            (Preset::Ettm1, 336) => (1, 4, 128),
            (Preset::Ettm2, 336) => (1, 4, 32),
            (Preset::Ettm1 | Preset::Ettm2, _) => (3, 4, 128),
            (Preset::Weather, 96) => (2, 4, 32),
            (Preset::Weather, 192) => (2, 16, 32),
            (Preset::Weather, _) => (2, 4, 128),
            (Preset::Exchange, _) => (2, 8, 32),
            (Preset::Ecl, _) => (2, 8, 16),
            (Preset::Traffic, _) => (2, 8, 4),
        };
        let config = Self {
            d_model: 512,
            d_ff: if set == Preset::Traffic { 512 } else { 2048 },
            heads,
            layers,
            ..Self::new(Window::new(96, horizon, channels))
        };
        let training = TrainingConfig {
            epochs: if set == Preset::Weather { 3 } else { 10 },
            batch,
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn published_by_authors(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (heads, d_model, d_ff, dropout) = match set {
            Preset::Etth1 | Preset::Etth2 => (4, 16, 128, 0.3),
            _ => (16, 128, 256, 0.2),
        };
        let config = Self {
            d_model,
            d_ff,
            heads,
            layers: 3,
            dropout,
            ..Self::authors(Window::new(336, horizon, channels))
        };
        let (schedule, patience, batch) = match set {
            Preset::Etth1 | Preset::Etth2 => (Schedule::Decay, 100, 128),
            Preset::Ettm1 | Preset::Ettm2 => (Schedule::OneCycle { rising: 0.4 }, 20, 128),
            Preset::Weather | Preset::Exchange => (Schedule::Decay, 20, 128),
            Preset::Ecl => (Schedule::OneCycle { rising: 0.2 }, 10, 32),
            Preset::Traffic => (Schedule::OneCycle { rising: 0.2 }, 10, 24),
        };
        let training = TrainingConfig {
            epochs: 100,
            batch,
            schedule,
            patience: Some(patience),
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn encoder(&self) -> EncoderShape {
        let patches = self.patches();
        EncoderShape {
            layers: self.layers,
            d_model: self.d_model,
            d_ff: self.d_ff,
            heads: self.heads,
            axis: Axis::Patches { count: patches },
            tokens: patches,
            sequences: self.channels,
        }
    }
}

impl ModelSpec for PatchTstConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Layers",
            "Encoder layers, each with one attention module",
            |c| &mut c.layers,
        ),
        Field::width("Width of a token", |c| &mut c.d_model),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::heads(|c| &mut c.heads),
        Field::dropout(|c| &mut c.dropout),
        Field::patch(|c| &mut c.patch_len),
        Field::stride(|c| &mut c.stride),
        Field::probability(
            "head-dropout",
            "Head dropout",
            "Dropout probability before the last linear map",
            |c| &mut c.head_dropout,
        ),
    ];

    const VARIANTS: &'static [Variant] = &[
        Variant {
            id: "patchtst",
            name: "PatchTST (Time-Series-Library layout)",
            title: "PatchTST: attention over time",
            paper: "arXiv 2211.14730",
            new: |window, _| (Self::new(window).into(), TrainingConfig::default()),
            published: Self::published,
        },
        Variant {
            id: "patchtst-authors",
            name: "PatchTST (authors' layout)",
            title: "PatchTST in its authors' layout: attention over time, score residuals",
            paper: "arXiv 2211.14730",
            new: |window, _| (Self::authors(window).into(), TrainingConfig::default()),
            published: Self::published_by_authors,
        },
    ];

    fn variant(&self) -> &'static Variant {
        match self.layout {
            PatchTstLayout::Library => &Self::VARIANTS[0],
            PatchTstLayout::Authors => &Self::VARIANTS[1],
        }
    }

    window_fields!();

    /// At a small size patches do not overlap, which halves the tokens of each channel.
    fn resize(&mut self, size: Size) {
        self.stride = size.patch_stride(self.patch_len);
        self.d_model = size.width;
        self.d_ff = 2 * size.width;
        self.layers = size.layers;
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
        self.encoder().check()
    }

    fn layers(&self) -> usize {
        self.layers
    }

    fn sites(&self) -> Vec<AttentionSite> {
        self.encoder().sites()
    }

    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (p, d, t) = (
            self.patch_len as u64,
            self.d_model as u64,
            self.horizon as u64,
        );
        let shape = self.encoder();
        let (n, encoder) = (shape.tokens as u64, shape.cost(kept));
        let embedding_and_norm = match self.layout {
            PatchTstLayout::Library => p * d + 2 * d,
            PatchTstLayout::Authors => (p * d + d) + n * d,
        };
        let head = n * d * t;
        Cost {
            params: embedding_and_norm + encoder.params + head + t,
            macs: (n * p * d + head)
                .saturating_add(encoder.macs)
                .saturating_mul(self.channels as u64),
        }
    }

    fn activations(&self) -> f64 {
        self.encoder().activations() + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "patches meet only in the head"
    }
}
