//! TSMixer (arXiv 2303.06053): MLPs over time and over channels in turn, each with a residual, then a
//! linear map over time. It has no attention.
//!
//! Published settings: google-research/tsmixer `tsmixer_basic`, whose look-back is 512; ETTh1, ETTh2,
//! ETTm1 and Exchange, for which it has none, use those of ETTm2. Time-Series-Library's default
//! settings in its own layout.

use serde::{Deserialize, Serialize};

use super::field::{Field, LARGEST_WIDTH};
use super::spec::window_fields;
use super::{ModelSpec, Size, Variant, Window};
use crate::{AttentionStructure, Cost, ForecasterConfig, Preset, Schedule, TrainingConfig};

/// Which public code is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TsMixerLayout {
    /// The authors': reversible instance norm with affine weights, a batch norm over all cells of the
    /// window before each MLP, and one layer over time.
    Authors,
    /// Time-Series-Library: no norms, and two layers over time.
    Library,
}

/// TSMixer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TsMixerConfig {
    /// Which public code is followed.
    pub layout: TsMixerLayout,
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Hidden width of the MLPs: over channels, and in Time-Series-Library's layout over time too.
    pub hidden: usize,
    /// Blocks of one MLP over time and one over channels.
    pub layers: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl TsMixerConfig {
    /// The authors' layout, small.
    pub fn new(window: Window) -> Self {
        Self {
            layout: TsMixerLayout::Authors,
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            hidden: 64,
            layers: 2,
            dropout: 0.3,
        }
    }

    /// Time-Series-Library's layout, small.
    pub fn library(window: Window) -> Self {
        Self {
            layout: TsMixerLayout::Library,
            dropout: 0.1,
            ..Self::new(window)
        }
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (learning_rate, layers, dropout, hidden) = match set {
            Preset::Weather => (1e-4, 4, 0.3, 32),
            Preset::Ecl => (1e-4, 4, 0.7, 64),
            Preset::Traffic => (1e-4, 8, 0.7, 64),
            _ => (1e-3, 2, 0.9, 64),
        };
        let config = Self {
            hidden,
            layers,
            dropout,
            ..Self::new(Window::new(512, horizon, channels))
        };
        let training = TrainingConfig {
            epochs: 100,
            learning_rate,
            schedule: Schedule::Constant,
            patience: Some(5),
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn published_by_library(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let config = Self {
            hidden: match set {
                Preset::Weather => 32,
                Preset::Ecl => 256,
                _ => 512,
            },
            ..Self::library(Window::new(96, horizon, channels))
        };
        let training = TrainingConfig {
            learning_rate: if set == Preset::Traffic { 1e-3 } else { 1e-4 },
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }
}

impl ModelSpec for TsMixerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Layers",
            "Blocks of an MLP over time and one over channels",
            |c| &mut c.layers,
        ),
        Field::count(
            "width",
            "Hidden width",
            "Hidden width of the MLPs",
            LARGEST_WIDTH,
            |c| &mut c.hidden,
        ),
        Field::dropout(|c| &mut c.dropout),
    ];

    const VARIANTS: &'static [Variant] = &[
        Variant {
            id: "tsmixer",
            name: "TSMixer",
            title: "TSMixer: MLPs over time and channels, no attention",
            paper: "arXiv 2303.06053",
            new: |window, _| (Self::new(window).into(), TrainingConfig::default()),
            published: Self::published,
        },
        Variant {
            id: "tsmixer-library",
            name: "TSMixer (Time-Series-Library layout)",
            title: "TSMixer in Time-Series-Library's layout: no norms, no attention",
            paper: "arXiv 2303.06053",
            new: |window, _| (Self::library(window).into(), TrainingConfig::default()),
            published: Self::published_by_library,
        },
    ];

    fn variant(&self) -> &'static Variant {
        match self.layout {
            TsMixerLayout::Authors => &Self::VARIANTS[0],
            TsMixerLayout::Library => &Self::VARIANTS[1],
        }
    }

    window_fields!();

    fn resize(&mut self, size: Size) {
        self.hidden = size.width;
        self.layers = size.layers;
    }

    fn layers(&self) -> usize {
        self.layers
    }

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (l, t) = (self.lookback as u64, self.horizon as u64);
        let (c, f, n) = (self.channels as u64, self.hidden as u64, self.layers as u64);
        let over_channels = 2 * c * f + f + c;
        let (over_time, norms, time_macs, ends) = match self.layout {
            // Two norms of scale and shift per cell in a block; two affine weights per channel.
            TsMixerLayout::Authors => (l * l + l, 4 * l * c, c * l * l, 2 * c),
            TsMixerLayout::Library => ((l * f + f) + (f * l + l), 0, 2 * c * l * f, 0),
        };
        Cost {
            params: n * (over_time + over_channels + norms) + l * t + t + ends,
            macs: (time_macs + 2 * l * c * f)
                .saturating_mul(n)
                .saturating_add(c * l * t),
        }
    }

    fn activations(&self) -> f64 {
        let (l, c, f) = (
            self.lookback as f64,
            self.channels as f64,
            self.hidden as f64,
        );
        // Each block keeps a few copies of its window and the hidden layer of each MLP.
        let time = match self.layout {
            TsMixerLayout::Authors => l,
            TsMixerLayout::Library => 2.0 * f,
        };
        self.layers as f64 * (8.0 * l * c + c * time + 2.0 * l * f) + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "MLPs over time and over channels"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of the layouts of the public codes.
    #[test]
    fn parameters_and_macs_are_those_of_the_public_codes() {
        let cost = |config: TsMixerConfig| config.cost(&[]);
        let authors = TsMixerConfig::new(Window::new(512, 96, 7));
        assert_eq!(
            cost(authors),
            Cost {
                params: 605_180,
                macs: 4_931_584
            }
        );
        let short = TsMixerConfig::new(Window::new(96, 96, 7));
        assert_eq!(
            cost(short),
            Cost {
                params: 35_260,
                macs: 365_568
            }
        );
        // e[(Ld+d)+(dL+L)+(Cd+d)+(dC+C)] + LT+T and C(2eLd) + 2eLCd + CLT, by hand for e=2, L=96,
        // T=96, C=7, d=512.
        let library = TsMixerConfig {
            hidden: 512,
            ..TsMixerConfig::library(Window::new(96, 96, 7))
        };
        assert_eq!(
            cost(library),
            Cost {
                params: 2 * (49_664 + 49_248 + 4_096 + 3_591) + 9_312,
                macs: 1_376_256 + 1_376_256 + 64_512,
            }
        );
    }
}
