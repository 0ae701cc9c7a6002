//! TiDE (arXiv 2304.08424): a residual MLP encoder and decoder on the flattened look-back of one channel
//! and its encoded time features, a block for each forecast row, and a linear map of the look-back beside
//! them. It has no attention.
//!
//! Two of the public blocks put out one or two numbers and normalise them by a layer norm over those
//! alone. Of one number that leaves a constant, so that encoder, decoder and time features never reach the
//! forecast and get no gradient: the public model is RLinear plus one number
//! (google-research/google-research issue 2133). Of two it leaves which is larger. The model here has no
//! norms there; `tide-library` is the public one.
//!
//! Layers and names are Time-Series-Library's. Published settings: sizes and training of the scripts in
//! google-research/tide, whose covariates are others; Exchange, for which it has none, uses those of
//! ETTh2. Time-Series-Library's script for ETTh1 in its own layout.

use serde::{Deserialize, Serialize};

use super::field::{Field, LARGEST_WIDTH};
use super::spec::window_fields;
use super::{InputSpec, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, Cost, ForecasterConfig, Preset, Schedule, TrainingConfig};

/// TiDE.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TideConfig {
    /// Whether the blocks that put out one or two numbers normalise them, as in the public codes.
    pub narrow_norms: bool,
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Whether the time features of look-back and horizon are read.
    pub time_stamps: bool,
    /// Width of encoder and decoder, and of the hidden layers of their blocks.
    pub width: usize,
    /// Blocks of the encoder and of the decoder. All but the first of the encoder and the last of the
    /// decoder share one block's weights, as in Time-Series-Library.
    pub layers: usize,
    /// Numbers that the decoder gives each forecast row.
    pub decoder_width: usize,
    /// Hidden width of the block for each forecast row.
    pub row_width: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

/// The sizes of a residual block: inputs → hidden → outputs, and inputs → outputs beside it.
struct Block {
    inputs: usize,
    hidden: usize,
    outputs: usize,
    norm: bool,
}

impl Block {
    fn cost(&self) -> Cost {
        let (i, h, o) = (self.inputs as u64, self.hidden as u64, self.outputs as u64);
        let norm = if self.norm { 2 * o } else { 0 };
        Cost {
            params: (i * h + h) + (h * o + o) + (i * o + o) + norm,
            macs: i * h + h * o + i * o,
        }
    }
}

impl TideConfig {
    /// Numbers that a row's time features are encoded to.
    pub const ENCODED_FEATURES: usize = 2;

    /// The sizes of Time-Series-Library's script.
    pub fn new(window: Window, time_stamps: bool) -> Self {
        Self {
            narrow_norms: false,
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            time_stamps,
            width: 256,
            layers: 2,
            decoder_width: 8,
            row_width: 256,
            dropout: 0.3,
        }
    }

    /// The public layout, whose forecast depends on a linear map of the look-back alone.
    pub fn library(window: Window, time_stamps: bool) -> Self {
        Self {
            narrow_norms: true,
            ..Self::new(window, time_stamps)
        }
    }

    /// Numbers that the encoder reads: the look-back, and the encoded time features of all rows.
    pub fn encoder_inputs(&self) -> usize {
        self.lookback + (self.lookback + self.horizon) * self.encoded_features()
    }

    /// Numbers that a row's time features are encoded to, 0 if they are not read.
    pub fn encoded_features(&self) -> usize {
        if self.time_stamps {
            Self::ENCODED_FEATURES
        } else {
            0
        }
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let long = horizon >= 336;
        let lookback = if set == Preset::Etth1 && long {
            336
        } else {
            720
        };
        let (width, layers, decoder_width, row_width, dropout, learning_rate) = match set {
            Preset::Etth1 if long => (256, 2, 8, 128, 0.3, 3.8e-5),
            Preset::Etth1 => (512, 2, 32, 16, 0.5, 9.8e-4),
            Preset::Etth2 | Preset::Exchange => (512, 2, 32, 16, 0.2, 2.2e-4),
            Preset::Ettm1 => (1024, 1, 8, 128, 0.5, 8.4e-5),
            Preset::Ettm2 => (512, 2, 16, 128, 0.0, 2.5e-4),
            Preset::Weather => (512, 1, 8, 16, 0.0, 3.0e-5),
            Preset::Ecl => (1024, 2, 8, 64, 0.5, 1e-3),
            Preset::Traffic => (256, 1, 16, 64, 0.3, 6.6e-5),
        };
        let config = Self {
            width,
            layers,
            decoder_width,
            row_width,
            dropout,
            ..Self::new(Window::new(lookback, horizon, channels), dates)
        };
        // A batch is one window of all channels. The rate reaches 0 after 30 epochs.
        let training = TrainingConfig {
            epochs: 30,
            batch: 1,
            learning_rate,
            schedule: Schedule::Cosine,
            patience: None,
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn published_by_library(
        _set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let config = Self::library(Window::new(96, horizon, channels), dates);
        let training = TrainingConfig {
            batch: 512,
            learning_rate: 0.1,
            patience: Some(5),
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    /// Of the time features of a row.
    fn features(&self) -> Block {
        Block {
            inputs: TIME_FEATURES,
            hidden: self.width,
            outputs: Self::ENCODED_FEATURES,
            norm: self.narrow_norms,
        }
    }

    /// Of the encoder or decoder.
    fn wide(&self, inputs: usize, outputs: usize) -> Block {
        Block {
            inputs,
            hidden: self.width,
            outputs,
            norm: true,
        }
    }

    /// For each forecast row.
    fn row(&self) -> Block {
        Block {
            inputs: self.decoder_width + self.encoded_features(),
            hidden: self.row_width,
            outputs: 1,
            norm: self.narrow_norms,
        }
    }
}

impl ModelSpec for TideConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers("Layers", "Blocks of the encoder and of the decoder", |c| {
            &mut c.layers
        }),
        Field::width("Width of encoder and decoder", |c| &mut c.width),
        Field::count(
            "decoder-width",
            "Decoder width per row",
            "Numbers that the decoder gives each forecast row",
            LARGEST_WIDTH,
            |c| &mut c.decoder_width,
        ),
        Field::count(
            "row-width",
            "Hidden width per row",
            "Hidden width of the block for each forecast row",
            LARGEST_WIDTH,
            |c| &mut c.row_width,
        ),
        Field::dropout(|c| &mut c.dropout),
        Field::time_features(|c| &mut c.time_stamps),
    ];

    const VARIANTS: &'static [Variant] = &[
        Variant {
            id: "tide",
            name: "TiDE",
            title: "TiDE: residual MLPs over time, no attention",
            paper: "arXiv 2304.08424",
            new: |window, dates| (Self::new(window, dates).into(), TrainingConfig::default()),
            published: Self::published,
        },
        Variant {
            id: "tide-library",
            name: "TiDE (public layout)",
            title: "TiDE in the public layout, whose norms leave a linear map of the look-back",
            paper: "arXiv 2304.08424",
            new: |window, dates| {
                (
                    Self::library(window, dates).into(),
                    TrainingConfig::linear(),
                )
            },
            published: Self::published_by_library,
        },
    ];

    fn variant(&self) -> &'static Variant {
        &Self::VARIANTS[usize::from(self.narrow_norms)]
    }

    window_fields!();

    fn resize(&mut self, size: Size) {
        self.width = size.width;
        self.row_width = size.width;
        self.layers = size.layers;
    }

    fn inputs(&self) -> InputSpec {
        InputSpec {
            time_features: self.time_stamps,
            future_time_features: self.time_stamps,
            ..InputSpec::default()
        }
    }

    /// The time features are encoded once per window; the public code does it for each channel.
    fn layers(&self) -> usize {
        self.layers
    }

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (l, t, c) = (
            self.lookback as u64,
            self.horizon as u64,
            self.channels as u64,
        );
        let d = self.width;
        let first = self.wide(self.encoder_inputs(), d).cost();
        let last = self.wide(d, self.decoder_width * self.horizon).cost();
        let middle = self.wide(d, d).cost();
        let row = self.row().cost();
        let repeats = self.layers.saturating_sub(1) as u64;
        let mut cost = Cost {
            params: first.params + last.params + row.params + l * t + t,
            macs: c * (first.macs + last.macs + t * row.macs + l * t),
        };
        cost.params += 2 * middle.params * repeats.min(1);
        cost.macs += c * 2 * middle.macs * repeats;
        if self.time_stamps {
            let features = self.features().cost();
            cost.params += features.params;
            cost.macs += (l + t) * features.macs;
        }
        cost
    }

    fn activations(&self) -> f64 {
        let (t, c, d) = (self.horizon as f64, self.channels as f64, self.width as f64);
        let decoded = t * self.decoder_width as f64;
        let rows = t * (2.0 * self.row_width as f64 + self.decoder_width as f64 + 8.0);
        let features = if self.time_stamps {
            (self.lookback as f64 + t) * (2.0 * d + 8.0)
        } else {
            0.0
        };
        let blocks = self.encoder_inputs() as f64 + 10.0 * d * self.layers as f64 + 4.0 * decoded;
        c * (blocks + rows) + features + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        if self.narrow_norms {
            "a linear map per channel"
        } else {
            "MLPs over each channel's look-back"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of Time-Series-Library's code: ETTh1 at the horizons 96 and 720, Weather at 96. Its MACs
    /// encode the time features again for each channel.
    #[test]
    fn parameters_and_macs_are_those_of_the_public_code() {
        for (horizon, channels, params, macs, macs_as_coded) in [
            (96, 7, 1_184_638, 10_402_880, 12_181_568),
            (720, 7, 4_460_014, 46_493_792, 54_053_216),
            (96, 21, 1_184_638, 30_615_744, 36_544_704),
        ] {
            let window = Window::new(96, horizon, channels);
            let config = TideConfig::library(window, true);
            assert_eq!(config.cost(&[]), Cost { params, macs });
            let encoding = (96 + horizon) as u64 * config.features().cost().macs;
            assert_eq!(macs + (channels as u64 - 1) * encoding, macs_as_coded);

            // Without the norms of the two narrow blocks.
            let without = TideConfig::new(window, true).cost(&[]);
            assert_eq!(
                without,
                Cost {
                    params: params - 2 - 4,
                    macs
                }
            );
        }
    }

    /// The parts of ETTh1 at 96, by hand.
    #[test]
    fn parts_add_up() {
        let config = TideConfig::library(Window::new(96, 96, 7), true);
        let params = |block: Block| block.cost().params;
        assert_eq!(config.encoder_inputs(), 480);
        assert_eq!(params(config.features()), 1_808);
        assert_eq!(params(config.wide(480, 256)), 312_576);
        assert_eq!(params(config.wide(256, 256)), 197_888);
        assert_eq!(params(config.wide(256, 768)), 462_080);
        assert_eq!(params(config.row()), 3_086);
        // All that reaches a forecast in the public layout: the linear map, and the shift of the last
        // norm.
        assert_eq!(96 * 96 + 96 + 1, 9_313);
    }

    #[test]
    fn without_dates_nothing_of_the_time_features_is_left() {
        let window = Window::new(96, 96, 7);
        let (with, without) = (
            TideConfig::new(window, true),
            TideConfig::new(window, false),
        );
        let first = |inputs: u64| (inputs + 1) * 256 + (inputs + 1) * 256 - 2 * 256;
        assert_eq!(without.encoder_inputs(), 96);
        assert_eq!(
            with.cost(&[]).params - without.cost(&[]).params,
            with.features().cost().params + first(480) - first(96) + 2 * 256 + 2
        );
        assert!(!without.inputs().time_features && with.inputs().future_time_features);
    }
}
