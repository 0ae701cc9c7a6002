//! LightTS (arXiv 2207.01186) in Time-Series-Library's layout: two views of the look-back, contiguous
//! chunks and every n-th row, each through a small bottleneck MLP; one over channels on top; a linear map
//! of the look-back beside them. It has no attention.
//!
//! Published settings: Time-Series-Library's scripts for ETTh1 and ECL, which are its defaults; the other
//! sets, for which it has none, use the same.

use serde::{Deserialize, Serialize};

use super::field::{Field, LARGEST_AXIS};
use super::spec::window_fields;
use super::{ModelSpec, Size, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, TrainingConfig};

/// The width is divided by 4 for each view, and by 4 again within its bottleneck.
const WIDTH_STEP: usize = 16;

/// LightTS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LightTsConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Width of the layers (`d_model`), a multiple of 16. Each view has a quarter of it.
    pub width: usize,
    /// Most rows of a chunk, see [`LightTsConfig::chunk_rows`].
    pub chunk: usize,
}

impl LightTsConfig {
    /// Time-Series-Library's sizes.
    pub fn new(window: Window) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            width: 512,
            chunk: 24,
        }
    }

    /// Rows of a chunk: the setting, the horizon or the look-back, whichever is least.
    pub fn chunk_rows(&self) -> usize {
        self.chunk.min(self.lookback).min(self.horizon)
    }

    /// Chunks of a look-back, the last of which is filled up with zeros.
    pub fn chunks(&self) -> usize {
        self.lookback.div_ceil(self.chunk_rows())
    }

    /// The block of one view: rows of a chunk to a quarter of the width, for each chunk.
    fn view(&self) -> Bottleneck {
        let width = self.width as u64 / 4;
        Bottleneck {
            inputs: self.chunk_rows() as u64,
            hidden: width,
            outputs: width,
            nodes: self.chunks() as u64,
        }
    }

    /// The block on top: both views to the horizon, for each channel.
    fn mixing(&self) -> Bottleneck {
        let width = self.width as u64 / 2;
        Bottleneck {
            inputs: width,
            hidden: width,
            outputs: self.horizon as u64,
            nodes: self.channels as u64,
        }
    }
}

/// The sizes of a bottleneck block: inputs → hidden → hidden / 4 for each node, a map between the nodes,
/// hidden / 4 → outputs.
struct Bottleneck {
    inputs: u64,
    hidden: u64,
    outputs: u64,
    nodes: u64,
}

impl Bottleneck {
    fn cost(&self) -> Cost {
        let (inputs, hidden, outputs) = (self.inputs, self.hidden, self.outputs);
        let (nodes, narrow) = (self.nodes, self.hidden / 4);
        let products = inputs * hidden + hidden * narrow + narrow * outputs;
        Cost {
            params: products + hidden + narrow + outputs + nodes * nodes + nodes,
            macs: nodes * products + narrow * nodes * nodes,
        }
    }
}

impl ModelSpec for LightTsConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::width("Width of the layers, a multiple of 16", |c| &mut c.width),
        Field::count(
            "chunk",
            "Chunk, rows",
            "Most rows of a chunk of the look-back",
            LARGEST_AXIS,
            |c| &mut c.chunk,
        ),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "lightts",
        name: "LightTS",
        title: "LightTS: MLPs over chunks of time and channels, no attention",
        paper: "arXiv 2207.01186",
        new: |window, _| (Self::new(window).into(), TrainingConfig::default()),
        published: |_, horizon, channels, _| {
            let config = Self::new(Window::new(96, horizon, channels));
            (config.into(), TrainingConfig::default())
        },
    }];

    window_fields!();

    fn resize(&mut self, size: Size) {
        self.width = size.width.next_multiple_of(WIDTH_STEP);
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.width.is_multiple_of(WIDTH_STEP) {
            return Ok(());
        }
        Err(ConfigError::new(
            format!(
                "a width of {} is not a multiple of {WIDTH_STEP}",
                self.width
            ),
            format!("use {}", self.width.next_multiple_of(WIDTH_STEP)),
        ))
    }

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (t, c) = (self.horizon as u64, self.channels as u64);
        let chunks = self.chunks() as u64;
        let rows = chunks * self.chunk_rows() as u64;
        let (view, mixing) = (self.view(), self.mixing());
        // Each view ends with a map of its chunks to one.
        let merged = chunks * view.outputs;
        let (view, mixing) = (view.cost(), mixing.cost());
        Cost {
            params: 2 * (view.params + chunks + 1) + mixing.params + rows * t + t,
            macs: c * 2 * (view.macs + merged) + mixing.macs + c * rows * t,
        }
    }

    fn activations(&self) -> f64 {
        let (c, d) = (self.channels as f64, self.width as f64);
        // Each block keeps its input, its hidden layer twice, a few copies of the narrow layer and its
        // output.
        let view = self.chunks() as f64 * (self.chunk_rows() as f64 + 1.25 * d);
        let mixing = 2.5 * d + self.horizon as f64;
        c * (2.0 * view + mixing) + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "MLPs over chunks of the look-back and over channels"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ForecasterConfig;

    fn cost(horizon: usize, channels: usize) -> Cost {
        LightTsConfig::new(Window::new(96, horizon, channels)).cost(&[])
    }

    /// Counts of Time-Series-Library's code: ETTh1 at the horizons 96 and 720, Weather at 96.
    #[test]
    fn parameters_and_macs_are_those_of_the_public_code() {
        for (horizon, channels, params, macs) in [
            (96, 7, 121_002, 1_329_216),
            (720, 7, 222_090, 2_028_096),
            (96, 21, 121_408, 4_006_464),
        ] {
            assert_eq!(cost(horizon, channels), Cost { params, macs });
        }
        // The parts of ETTh1 at 96.
        let config = LightTsConfig::new(Window::new(96, 96, 7));
        assert_eq!(config.view().cost().params, 11_572);
        assert_eq!(config.mixing().cost().params, 88_536);
    }

    #[test]
    fn chunks_are_no_longer_than_the_window_and_cover_it() {
        let shape = |lookback, horizon| {
            let config = LightTsConfig::new(Window::new(lookback, horizon, 1));
            (config.chunk_rows(), config.chunks())
        };
        assert_eq!(shape(96, 96), (24, 4));
        assert_eq!(shape(100, 96), (24, 5));
        assert_eq!(shape(28, 7), (7, 4));
        assert_eq!(shape(10, 96), (10, 1));
    }

    #[test]
    fn a_width_that_does_not_divide_is_refused() {
        let mut config = LightTsConfig::new(Window::new(96, 96, 7));
        config.width = 100;
        let error = ForecasterConfig::from(config).check().unwrap_err();
        assert!(error.to_string().ends_with("use 112"), "{error}");
    }
}
