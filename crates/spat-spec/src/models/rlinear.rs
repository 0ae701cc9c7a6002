//! RLinear (arXiv 2305.10721): one linear map on the window normalised by itself, shared by all
//! channels.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::spec::window_fields;
use super::{ModelSpec, Variant, Window};
use crate::{AttentionStructure, Cost, TrainingConfig};

/// RLinear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RLinearConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
}

impl RLinearConfig {
    /// For windows of this shape.
    pub fn new(window: Window) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
        }
    }
}

impl ModelSpec for RLinearConfig {
    const FIELDS: &'static [Field<Self>] = &[];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "rlinear",
        name: "RLinear",
        title: "RLinear: no attention",
        paper: "arXiv 2305.10721",
        new: |window, _| (Self::new(window).into(), TrainingConfig::linear()),
        published: |_, horizon, channels, _| {
            let config = Self::new(Window::new(96, horizon, channels));
            (config.into(), TrainingConfig::linear())
        },
    }];

    window_fields!();

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (l, t) = (self.lookback as u64, self.horizon as u64);
        Cost {
            params: l * t + t,
            macs: self.channels as u64 * l * t,
        }
    }

    fn activations(&self) -> f64 {
        self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "a linear map per channel"
    }
}
