//! Stable names of the multi-head-attention modules of a forecaster.

use serde::{Deserialize, Serialize};

/// The name of one multi-head-attention module, for instance `encoder.1.attention`.
///
/// It identifies the position in the dense structure and does not change when other modules are removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModuleId(String);

impl ModuleId {
    /// The self-attention of encoder layer `layer`, counted from 0.
    pub fn encoder(layer: usize) -> Self {
        Self(format!("encoder.{layer}.attention"))
    }

    /// The name in plans, reports and weight files.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The block that the module belongs to (`encoder` in `encoder.1.attention`): the unit of
    /// per-block ranking.
    pub fn block(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

impl From<&str> for ModuleId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl std::fmt::Display for ModuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
