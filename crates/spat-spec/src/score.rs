//! Scores of attention modules, and every choice in SEND that the paper leaves open.
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::ModuleId;
use crate::training::positive;

/// The importance of one attention module; larger is more important.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Whose.
    pub module: ModuleId,
    /// SEND's is the mean of `heads`; other methods say how it comes about.
    pub value: f64,
    /// One value per active head, in their order; empty where the method has none.
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

/// Whether a connection's sensitivity keeps its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// S as it is.
    #[default]
    Signed,
    /// |S|, as SNIP does with weights.
    Absolute,
}

/// Which standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deviation {
    /// Divides by n.
    #[default]
    Population,
    /// Divides by n − 1 (PyTorch's default); 0 for rows of one entry.
    Unbiased,
}

/// What S is divided by before the softmax over keys.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Nothing: the literal reading, with the gradient of the mean loss.
    None,
    /// S of the summed loss: S times the number of forecast values in the batch.
    SumLoss,
    /// The standard deviation of all entries of the module's S, so that modules compare whatever
    /// the scale of the loss.
    #[default]
    Standardise,
    /// A fixed temperature.
    Temperature(f64),
}

impl SendOptions {
    /// Checks the numbers among the options.
    ///
    /// # Errors
    /// Names the option that is wrong and what would be right.
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

/// How the values of many batches become one.
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

/// When scores are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// From the ordinary backward pass of every batch while the dense model is trained.
    #[default]
    During,
    /// By one pass over the training windows after training, in evaluation mode.
    After,
}

/// All choices in SEND.
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
    /// Over batches.
    pub accumulate: Accumulate,
    /// During or after pre-training.
    pub when: When,
}
