//! Stable names of the multi-head-attention modules of a forecaster.

use serde::{Deserialize, Serialize};

/// The name of one multi-head-attention module, for instance `encoder.1.attention`, or `reprogramming.attention`
/// in a block of a single layer, or of one attention
/// map of a module that has several.
///
/// It identifies the position in the dense structure and does not change when other modules are removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModuleId(String);

impl ModuleId {
    /// The self-attention of encoder layer `layer`, counted from 0.
    pub fn encoder(layer: usize) -> Self {
        Self::new("encoder", layer, "attention")
    }

    /// The module `kind` of layer `layer` of `block`: `decoder.0.cross_attention`.
    pub fn new(block: &str, layer: usize, kind: &str) -> Self {
        Self(format!("{block}.{layer}.{kind}"))
    }

    /// The name of one attention map of this module, which has several:
    /// `encoder.0.channel_attention.sender`.
    pub fn map(&self, name: &str) -> Self {
        Self(format!("{self}.{name}"))
    }

    /// The module that an attention map of this name belongs to: block, layer and kind.
    pub fn module(&self) -> Self {
        let parts: Vec<_> = self.0.splitn(4, '.').take(3).collect();
        Self(parts.join("."))
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
