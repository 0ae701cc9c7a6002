//! DLinear (arXiv 2205.13504): a linear map of the trend and one of the remainder, shared by all
//! channels.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::spec::window_fields;
use super::{ModelSpec, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, TrainingConfig};

/// DLinear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DLinearConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Rows of the moving average that makes the trend; odd.
    pub kernel: usize,
}

/// Rows of the published moving average, which is used for short look-backs too.
const PUBLISHED_KERNEL: usize = 25;

impl DLinearConfig {
    /// The published moving average of 25 rows.
    pub fn new(window: Window) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            kernel: PUBLISHED_KERNEL,
        }
    }
}

impl ModelSpec for DLinearConfig {
    const FIELDS: &'static [Field<Self>] = &[Field::kernel(|c| &mut c.kernel)];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "dlinear",
        name: "DLinear",
        title: "DLinear: no attention",
        paper: "arXiv 2205.13504",
        new: |window, _| (Self::new(window).into(), TrainingConfig::linear()),
        published: |_, horizon, channels, _| {
            let config = Self::new(Window::new(96, horizon, channels));
            (config.into(), TrainingConfig::linear())
        },
    }];

    window_fields!();

    fn check(&self) -> Result<(), ConfigError> {
        check_kernel(self.kernel, self.lookback)
    }

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (l, t) = (self.lookback as u64, self.horizon as u64);
        Cost {
            params: 2 * (l * t + t),
            macs: self.channels as u64 * 2 * l * t,
        }
    }

    fn activations(&self) -> f64 {
        // The moving average is a matrix of the look-back's size squared.
        let lookback = self.lookback as f64;
        lookback * lookback + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "a linear map per channel"
    }
}

/// Checks that a centred moving average has a middle row.
pub(super) fn check_kernel(kernel: usize, lookback: usize) -> Result<(), ConfigError> {
    if kernel.is_multiple_of(2) {
        return Err(ConfigError::new(
            format!("the moving average must span an odd number of rows, not {kernel}"),
            format!("use {}", kernel.saturating_add(1)),
        ));
    }
    // A longer one only repeats the ends, at a cost of kernel × look-back.
    let longest = lookback
        .saturating_mul(2)
        .saturating_add(1)
        .max(PUBLISHED_KERNEL);
    if kernel > longest {
        return Err(ConfigError::new(
            format!(
                "a moving average of {kernel} rows is longer than twice the look-back of {lookback}"
            ),
            format!("use {longest} or less"),
        ));
    }
    Ok(())
}
