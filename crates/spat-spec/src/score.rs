//! Scores of attention modules, and the options of SEND that the paper's public digests leave open.
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::ModuleId;
use crate::training::positive;

/// The importance of one attention module; larger is more important.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The module.
    pub module: ModuleId,
    /// The module's score. For SEND it is the mean of `heads`; other scorers document theirs.
    pub value: f64,
    /// One value per active head, in order; empty if the scorer has none.
    pub heads: Vec<f64>,
    /// Standard deviation of the module's value over the batches that were scored.
    pub spread: f64,
    /// How many batches were scored.
    pub batches: u64,
}

/// One mask for the batch, or one per sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskShape {
    /// `M ∈ [H, Lq, Lk]`: its gradient is the sum over the batch, so signed entries cancel.
    #[default]
    Shared,
    /// `M ∈ [B, H, Lq, Lk]`: nothing cancels between samples.
    PerSample,
}

/// Whether sensitivities keep their sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// S.
    #[default]
    Signed,
    /// |S|, as in SNIP for weights.
    Absolute,
}

/// The kind of standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deviation {
    /// Divides by n.
    #[default]
    Population,
    /// Divides by n − 1 (PyTorch's default); 0 for rows of one entry.
    Unbiased,
}

/// The scale of S before the softmax over keys.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Unscaled: the literal reading, with the gradient of the mean loss.
    None,
    /// S of the summed loss: S times the number of forecast values in the batch.
    SumLoss,
    /// Divided by the standard deviation of all entries of the map's S, so that modules are comparable at any
    /// scale of the loss. Where maps differ in the length of their rows, of which the deviation of a softmax is
    /// about an inverse multiple, it is multiplied by that length relative to the longest.
    #[default]
    Standardise,
    /// Divided by a fixed temperature.
    Temperature(f64),
}

impl SendOptions {
    /// Checks the numeric options.
    ///
    /// # Errors
    /// The invalid option, and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        if let Scaling::Temperature(temperature) = self.scaling {
            positive("temperature of the scores", temperature)?;
        }
        match self.accumulate {
            Accumulate::Ema(newest) if !(newest > 0.0 && newest <= 1.0) => Err(ConfigError::new(
                format!("a moving average with the weight {newest} for the newest batch"),
                "use a weight above 0 and at most 1, such as 0.1",
            )),
            _ => Ok(()),
        }
    }
}

/// How values of many batches are combined.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accumulate {
    /// Sum over batches.
    Sum,
    /// Mean over all batches of the training.
    #[default]
    Mean,
    /// Exponential moving average with this weight on the newest batch.
    Ema(f64),
    /// Mean over the batches of the last epoch only.
    LastEpoch,
}

/// When scores are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// In the backward pass of every batch while the dense model is trained.
    #[default]
    During,
    /// In one pass over the training windows after training, in evaluation mode.
    After,
}

/// All options of SEND.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SendOptions {
    /// One mask for the batch, or one per sample.
    pub mask: MaskShape,
    /// Signed or absolute sensitivity.
    pub sign: Sign,
    /// Population or unbiased deviation.
    pub deviation: Deviation,
    /// Scaling before the softmax.
    pub scaling: Scaling,
    /// Combination over batches.
    pub accumulate: Accumulate,
    /// During or after pre-training.
    pub when: When,
}
