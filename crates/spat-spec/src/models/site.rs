//! Attention sites and inputs of a model.

use super::Window;
use crate::ModuleId;

/// Time features per row: hour of day, day of week, day of month, day of year (`timeF` features at
/// hourly frequency in Time-Series-Library).
pub const TIME_FEATURES: usize = TIME_FEATURE_NAMES.len();

const TIME_FEATURE_NAMES: [&str; 4] = ["hour of day", "day of week", "day of month", "day of year"];

/// One multi-head-attention module of a dense model: what is scored and removed as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionSite {
    /// Its name.
    pub id: ModuleId,
    /// Heads of the dense module. In a module with several maps, head h is that of each of them.
    pub heads: usize,
    /// Width of one head.
    pub head_width: usize,
    /// Its attention maps that are recorded and scored, in the order of computation.
    pub maps: Vec<AttentionMap>,
    /// Why the module cannot be removed; `None` if it can.
    pub protected: Option<&'static str>,
    /// Why single heads cannot be removed; `None` if they can.
    pub indivisible: Option<&'static str>,
    /// Whether its weights are not trained.
    pub frozen: bool,
}

/// One attention map of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionMap {
    /// The name of the module if it is its only map, otherwise one of its own.
    pub id: ModuleId,
    /// What the rows are.
    pub queries: Axis,
    /// What the columns are.
    pub keys: Axis,
    /// Whether row i attends to the keys 0 to i only.
    pub causal: bool,
}

impl AttentionSite {
    /// A module of one map that can be removed.
    pub(super) fn new(
        id: ModuleId,
        heads: usize,
        head_width: usize,
        queries: Axis,
        keys: Axis,
    ) -> Self {
        let map = AttentionMap {
            id: id.clone(),
            queries,
            keys,
            causal: false,
        };
        Self {
            id,
            heads,
            head_width,
            maps: vec![map],
            protected: None,
            indivisible: None,
            frozen: false,
        }
    }

    /// The same module with row i of its maps attending to the keys 0 to i only.
    pub(super) fn causal(mut self) -> Self {
        for map in &mut self.maps {
            map.causal = true;
        }
        self
    }

    /// The same module with weights that are not trained.
    pub(super) fn frozen(self) -> Self {
        Self {
            frozen: true,
            ..self
        }
    }
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
    /// One token per segment of the look-back.
    Segments {
        /// Number of segments.
        count: usize,
    },
    /// One token per segment of the horizon.
    ForecastSegments {
        /// Number of segments.
        count: usize,
    },
    /// One token per row of the look-back.
    Rows {
        /// Number of rows.
        count: usize,
    },
    /// One token per row that pooling leaves of the rows of the look-back.
    PooledRows {
        /// Number of rows that are left.
        count: usize,
    },
    /// One token per row of a decoder: label rows, which are the last of the look-back, then the rows of the
    /// horizon.
    DecoderRows {
        /// Number of rows of the look-back.
        lookback: usize,
        /// Number of label rows.
        labels: usize,
        /// Number of rows of the horizon.
        horizon: usize,
    },
    /// Not tokens: the time lags at which queries and keys correlate most, the strongest first. They differ
    /// between batches of the training, and between samples otherwise.
    Lags {
        /// Number of lags.
        count: usize,
    },
    /// The tokens of a prompt, then one token per patch of time.
    PromptAndPatches {
        /// Number of tokens of the prompt.
        prompt: usize,
        /// Number of patches.
        patches: usize,
    },
    /// Mixtures of the words of a vocabulary.
    Prototypes {
        /// Number of prototypes.
        count: usize,
    },
    /// Learned tokens that collect from all channels and distribute to them.
    Routers {
        /// Number of routers.
        count: usize,
    },
}

impl Axis {
    /// What a token is, in the plural.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Channels { .. } => "channels",
            Self::Patches { .. } => "patches",
            Self::Segments { .. } => "segments",
            Self::ForecastSegments { .. } => "forecast segments",
            Self::Rows { .. } | Self::PooledRows { .. } | Self::DecoderRows { .. } => "rows",
            Self::Lags { .. } => "lags",
            Self::PromptAndPatches { .. } => "tokens",
            Self::Prototypes { .. } => "prototypes",
            Self::Routers { .. } => "routers",
        }
    }

    /// A label for each token, in the order of the attention map.
    pub fn labels(self, channels: &[String]) -> Vec<String> {
        let numbered_from = |noun: &str, first: usize, count: usize| -> Vec<String> {
            (first..first + count)
                .map(|number| format!("{noun} {number}"))
                .collect()
        };
        let numbered = |noun: &str, count: usize| numbered_from(noun, 1, count);
        match self {
            Self::Channels { time_features } => {
                let features = TIME_FEATURE_NAMES.iter().filter(|_| time_features);
                let features = features.map(|name| (*name).to_owned());
                channels.iter().cloned().chain(features).collect()
            }
            Self::Patches { count } => numbered("patch", count),
            Self::Segments { count } => numbered("segment", count),
            Self::ForecastSegments { count } => numbered("forecast segment", count),
            Self::Rows { count } => numbered("row", count),
            Self::PooledRows { count } => numbered("pooled row", count),
            Self::DecoderRows {
                lookback,
                labels,
                horizon,
            } => {
                let first = lookback.saturating_sub(labels) + 1;
                let ahead = numbered("forecast row", horizon);
                [numbered_from("row", first, labels), ahead].concat()
            }
            Self::Lags { count } => numbered("lag of rank", count),
            Self::PromptAndPatches { prompt, patches } => {
                [numbered("prompt token", prompt), numbered("patch", patches)].concat()
            }
            Self::Prototypes { count } => numbered("prototype", count),
            Self::Routers { count } => numbered("router", count),
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
    /// A prompt for each channel of a window, as token ids, `[B, C, tokens]`.
    pub prompt: Option<PromptSpec>,
}

/// A prompt: a text about the look-back of one channel, in tokens of GPT-2's vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptSpec {
    /// Its number of tokens.
    pub tokens: usize,
    /// Number of tokens that the model knows, from the first of GPT-2's ranks.
    pub vocabulary: usize,
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
