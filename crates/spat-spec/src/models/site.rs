//! Attention sites and inputs of a model.

use super::Window;
use crate::ModuleId;

/// Time features per row: hour of day, day of week, day of month, day of year (`timeF` features at
/// hourly frequency in Time-Series-Library).
pub const TIME_FEATURES: usize = TIME_FEATURE_NAMES.len();

const TIME_FEATURE_NAMES: [&str; 4] = ["hour of day", "day of week", "day of month", "day of year"];

/// One multi-head-attention module of a dense model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionSite {
    /// Its name.
    pub id: ModuleId,
    /// Heads of the dense module.
    pub heads: usize,
    /// Width of one head.
    pub head_width: usize,
    /// What the rows of its attention map are.
    pub queries: Axis,
    /// What the columns of its attention map are.
    pub keys: Axis,
}

/// What the tokens along one side of an attention map stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// One token per channel, then one per time feature if `time_features` is set.
    Channels {
        /// Whether the time features are tokens.
        time_features: bool,
    },
    /// One token per patch of time.
    Patches {
        /// Number of patches.
        count: usize,
    },
}

impl Axis {
    /// What a token is, in the plural.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Channels { .. } => "channels",
            Self::Patches { .. } => "patches",
        }
    }

    /// A label for each token, in the order of the attention map.
    pub fn labels(self, channels: &[String]) -> Vec<String> {
        match self {
            Self::Channels { time_features } => {
                let features = TIME_FEATURE_NAMES.iter().filter(|_| time_features);
                let features = features.map(|name| (*name).to_owned());
                channels.iter().cloned().chain(features).collect()
            }
            Self::Patches { count } => (1..=count).map(|patch| format!("patch {patch}")).collect(),
        }
    }
}

/// What a model reads besides the values of the look-back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputSpec {
    /// The time features of the look-back, `[B, lookback, TIME_FEATURES]`.
    pub time_features: bool,
    /// With them those of the horizon, whose dates are known beforehand: `[B, lookback + horizon,
    /// TIME_FEATURES]`.
    pub future_time_features: bool,
}

impl InputSpec {
    /// Rows of the time features of a window; `None` if the model does not read them.
    pub fn time_feature_rows(self, window: Window) -> Option<usize> {
        let future = if self.future_time_features {
            window.horizon
        } else {
            0
        };
        self.time_features.then_some(window.lookback + future)
    }
}
