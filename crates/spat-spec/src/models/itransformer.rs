//! iTransformer (arXiv 2310.06625), in the layout of its authors' code: each channel's look-back is a
//! token.
//!
//! Published settings: thuml/iTransformer `scripts/multivariate_forecasting` at c2426e6.

use serde::{Deserialize, Serialize};

use super::encoder::EncoderShape;
use super::field::Field;
use super::spec::window_fields;
use super::{AttentionSite, Axis, InputSpec, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, TrainingConfig};

/// iTransformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ITransformerConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Whether the time features join the channels as tokens.
    pub time_stamps: bool,
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward part.
    pub d_ff: usize,
    /// Attention heads per module; divides `d_model`.
    pub heads: usize,
    /// Encoder layers, each with one attention module.
    pub layers: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
    /// Whether each window is normalised by its own mean and deviation (`use_norm`).
    pub normalise: bool,
}

impl ITransformerConfig {
    /// The size published for ETTh2, which suits a small table.
    pub fn new(window: Window, time_stamps: bool) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            time_stamps,
            d_model: 128,
            d_ff: 128,
            heads: 8,
            layers: 2,
            dropout: 0.1,
            normalise: true,
        }
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (layers, width, batch, learning_rate) = match set {
            Preset::Etth1 if horizon <= 192 => (2, 256, 32, 1e-4),
            Preset::Etth1 => (2, 512, 32, 1e-4),
            Preset::Etth2 | Preset::Ettm1 | Preset::Ettm2 | Preset::Exchange => (2, 128, 32, 1e-4),
            Preset::Weather => (3, 512, 32, 1e-4),
            Preset::Ecl => (3, 512, 16, 5e-4),
            Preset::Traffic => (4, 512, 16, 1e-3),
        };
        let short = set == Preset::Exchange && horizon == 336;
        let config = Self {
            d_model: width,
            d_ff: width,
            layers,
            ..Self::new(Window::new(96, horizon, channels), dates)
        };
        let training = TrainingConfig {
            epochs: if short { 1 } else { 10 },
            batch,
            learning_rate,
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn encoder(&self) -> EncoderShape {
        let features = if self.time_stamps { TIME_FEATURES } else { 0 };
        EncoderShape {
            layers: self.layers,
            d_model: self.d_model,
            d_ff: self.d_ff,
            heads: self.heads,
            axis: Axis::Channels {
                time_features: self.time_stamps,
            },
            tokens: self.channels + features,
            sequences: 1,
        }
    }
}

impl ModelSpec for ITransformerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Layers",
            "Encoder layers, each with one attention module",
            |c| &mut c.layers,
        ),
        Field::width("Width of a token", |c: &mut Self| &mut c.d_model).and(|c| c.d_ff = c.d_model),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::heads(|c| &mut c.heads),
        Field::dropout(|c| &mut c.dropout),
        Field::normalise(|c| &mut c.normalise),
        Field::time_tokens(|c| &mut c.time_stamps),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "itransformer",
        name: "iTransformer",
        title: "iTransformer: attention between channels",
        paper: "arXiv 2310.06625",
        new: |window, dates| (Self::new(window, dates).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    window_fields!();

    fn resize(&mut self, size: Size) {
        self.d_model = size.width;
        self.d_ff = size.width;
        self.layers = size.layers;
        self.heads = size.heads;
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.encoder().check()
    }

    fn inputs(&self) -> InputSpec {
        InputSpec {
            time_features: self.time_stamps,
            ..InputSpec::default()
        }
    }

    fn layers(&self) -> usize {
        self.layers
    }

    fn sites(&self) -> Vec<AttentionSite> {
        self.encoder().sites()
    }

    fn cost(&self, kept: &[AttentionStructure]) -> Cost {
        let (l, t, d) = (
            self.lookback as u64,
            self.horizon as u64,
            self.d_model as u64,
        );
        let shape = self.encoder();
        let (tokens, encoder) = (shape.tokens as u64, shape.cost(kept));
        Cost {
            params: (l * d + d) + encoder.params + 2 * d + (d * t + t),
            macs: (tokens * l * d + tokens * d * t).saturating_add(encoder.macs),
        }
    }

    fn activations(&self) -> f64 {
        self.encoder().activations() + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "each channel is forecast from itself alone"
    }
}
