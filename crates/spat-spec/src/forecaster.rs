//! The dense forecasters: their sizes, and which of their parts SPAT may remove.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ModuleId;

/// A value per row that is added as a token where a data set has dates: hour of day, day of week,
/// day of month, day of year (`timeF` features at hourly frequency, Time-Series-Library).
pub const TIME_FEATURES: usize = 4;

/// A forecaster and all of its sizes. `forward`: `[B, lookback, channels] → [B, horizon, channels]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", try_from = "crate::sizes::Sizes")]
pub enum ForecasterConfig {
    /// Attention over channels, each a token.
    #[serde(rename = "itransformer")]
    ITransformer(ITransformerConfig),
    /// Attention over patches of time, channel by channel.
    #[serde(rename = "patchtst")]
    PatchTst(PatchTstConfig),
    /// Linear baseline on trend and remainder.
    #[serde(rename = "dlinear")]
    DLinear(DLinearConfig),
    /// Linear baseline on the normalised window.
    #[serde(rename = "rlinear")]
    RLinear(RLinearConfig),
}

/// iTransformer (arXiv 2310.06625), in the layout of its authors' code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ITransformerConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Series in the table.
    pub channels: usize,
    /// Whether the four time-stamp features join the channels as tokens.
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

/// Whose PatchTST is meant: the two public codes differ in norms, positions and score chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchTstLayout {
    /// Time-Series-Library: LayerNorm inside, BatchNorm at the end, sinusoidal positions, no bias
    /// on the patch projection.
    Library,
    /// The authors' code: BatchNorm inside, no final norm, learned positions, and each layer's
    /// pre-softmax scores added to the next layer's (`res_attention`).
    Authors,
}

/// PatchTST (arXiv 2211.14730).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatchTstConfig {
    /// Whose layout.
    pub layout: PatchTstLayout,
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Series in the table; they share all weights.
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
    /// Tokens per channel: patches of the window after it is padded at the end by one stride.
    pub fn patches(&self) -> usize {
        (self.lookback - self.patch_len) / self.stride + 2
    }
}

/// DLinear (arXiv 2205.13504), weights shared by all channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DLinearConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Series in the table.
    pub channels: usize,
    /// Width of the moving average that makes the trend; odd.
    pub kernel: usize,
}

/// RLinear (arXiv 2305.10721): one linear map on the window normalised by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RLinearConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Series in the table.
    pub channels: usize,
}

/// Values that do not make an experiment.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{message}; {way_out}")]
pub struct ConfigError {
    message: String,
    way_out: String,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            way_out: way_out.into(),
        }
    }
}

impl ForecasterConfig {
    /// Input rows per window.
    pub fn lookback(&self) -> usize {
        match self {
            Self::ITransformer(c) => c.lookback,
            Self::PatchTst(c) => c.lookback,
            Self::DLinear(c) => c.lookback,
            Self::RLinear(c) => c.lookback,
        }
    }

    /// Forecast rows per window.
    pub fn horizon(&self) -> usize {
        match self {
            Self::ITransformer(c) => c.horizon,
            Self::PatchTst(c) => c.horizon,
            Self::DLinear(c) => c.horizon,
            Self::RLinear(c) => c.horizon,
        }
    }

    /// Series that go in and come out.
    pub fn channels(&self) -> usize {
        match self {
            Self::ITransformer(c) => c.channels,
            Self::PatchTst(c) => c.channels,
            Self::DLinear(c) => c.channels,
            Self::RLinear(c) => c.channels,
        }
    }

    /// Whether the input carries time-stamp features.
    pub fn time_stamps(&self) -> bool {
        matches!(self, Self::ITransformer(c) if c.time_stamps)
    }

    /// Encoder layers: one attention module each. 0 for the linear baselines.
    pub fn layers(&self) -> usize {
        match self {
            Self::ITransformer(c) => c.layers,
            Self::PatchTst(c) => c.layers,
            Self::DLinear(_) | Self::RLinear(_) => 0,
        }
    }

    /// Heads of every attention module of the dense structure.
    pub fn heads(&self) -> usize {
        match self {
            Self::ITransformer(c) => c.heads,
            Self::PatchTst(c) => c.heads,
            Self::DLinear(_) | Self::RLinear(_) => 0,
        }
    }

    /// The attention modules of the dense structure, from input to output.
    pub fn modules(&self) -> Vec<ModuleId> {
        (0..self.layers()).map(ModuleId::encoder).collect()
    }

    /// The name that people know the model by.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ITransformer(_) => "iTransformer",
            Self::PatchTst(c) => match c.layout {
                PatchTstLayout::Library => "PatchTST (Time-Series-Library layout)",
                PatchTstLayout::Authors => "PatchTST (authors' layout)",
            },
            Self::DLinear(_) => "DLinear",
            Self::RLinear(_) => "RLinear",
        }
    }

    /// Checks that the sizes make a forecaster.
    ///
    /// # Errors
    /// Names the size that is wrong and what would be right.
    pub fn check(&self) -> Result<(), ConfigError> {
        size("look-back", self.lookback())?;
        size("horizon", self.horizon())?;
        size("number of channels", self.channels())?;
        match self {
            Self::ITransformer(c) => {
                transformer(c.d_model, c.d_ff, c.heads, c.layers)?;
                probability("dropout", c.dropout)
            }
            Self::PatchTst(c) => {
                transformer(c.d_model, c.d_ff, c.heads, c.layers)?;
                size("patch length", c.patch_len)?;
                size("stride", c.stride)?;
                if c.lookback < c.patch_len {
                    return Err(ConfigError::new(
                        format!(
                            "a look-back of {} rows holds no patch of {} rows",
                            c.lookback, c.patch_len
                        ),
                        "lengthen the look-back or shorten the patches",
                    ));
                }
                probability("dropout", c.dropout)?;
                probability("head dropout", c.head_dropout)
            }
            Self::DLinear(c) => {
                if c.kernel % 2 == 1 {
                    Ok(())
                } else {
                    Err(ConfigError::new(
                        format!(
                            "the moving average must span an odd number of rows, not {}",
                            c.kernel
                        ),
                        format!("use {}", c.kernel + 1),
                    ))
                }
            }
            Self::RLinear(_) => Ok(()),
        }
    }
}

/// No size of a sensible model comes near this; products of three such sizes still fit in 64 bits.
const LARGEST_SIZE: usize = 1 << 20;

fn size(what: &str, value: usize) -> Result<(), ConfigError> {
    match value {
        0 => Err(ConfigError::new(
            format!("the {what} is 0"),
            "it must be at least 1",
        )),
        1..=LARGEST_SIZE => Ok(()),
        _ => Err(ConfigError::new(
            format!("the {what} is {value}"),
            format!("it must be at most {LARGEST_SIZE}"),
        )),
    }
}

fn probability(what: &str, value: f64) -> Result<(), ConfigError> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        format!("a {what} of {value} is no probability below 1"),
        "use a value in [0, 1)",
    ))
}

fn transformer(
    d_model: usize,
    d_ff: usize,
    heads: usize,
    layers: usize,
) -> Result<(), ConfigError> {
    size("model width (d_model)", d_model)?;
    size("feed-forward width (d_ff)", d_ff)?;
    size("number of heads", heads)?;
    size("number of layers", layers)?;
    if d_model.is_multiple_of(heads) {
        return Ok(());
    }
    Err(ConfigError::new(
        format!("a model width of {d_model} does not divide into {heads} heads"),
        format!("use a width that is a multiple of {heads}"),
    ))
}
