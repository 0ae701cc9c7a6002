//! How many modules or heads go, and from which lists.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::{AdaptiveRule, ModuleId};

/// How `ratio · N` becomes a whole number of modules K.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// Never more than the share asked for.
    #[default]
    Floor,
    /// To the nearest, halves up.
    Round,
    /// Never less than the share asked for.
    Ceil,
}

/// Whether all modules share one ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One list of all attention modules.
    #[default]
    Global,
    /// A list per block (encoder, decoder), the ratio applied to each.
    PerBlock,
}

/// What is removed as one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// Whole attention modules, as the method means it.
    #[default]
    Modules,
    /// Single heads: the ratio is a share of all heads.
    Heads,
    /// Single heads, as many as it takes to save the MACs that the same ratio of whole modules
    /// would save: the comparison of heads with modules on equal terms.
    HeadsAtEqualMacs,
}

impl Granularity {
    /// Whether whole modules are removed.
    pub fn is_modules(&self) -> bool {
        *self == Self::Modules
    }
}

/// How many modules go, and from which lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PruneRule {
    /// α, the share of attention modules to remove, in `[0, 1]`.
    pub ratio: f64,
    /// How `α · N` becomes K.
    pub rounding: Rounding,
    /// Which modules compete.
    pub scope: Scope,
    /// Modules that stay whatever their score, with all their heads. They count in N.
    pub protect: Vec<ModuleId>,
    /// Modules or heads. Left out of files where it is modules, so that older files and their
    /// hashes hold.
    #[serde(skip_serializing_if = "Granularity::is_modules")]
    pub granularity: Granularity,
    /// Where it stands, the number is searched for with the validation part, and the ratio means
    /// nothing. Whole modules, in one ranking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<AdaptiveRule>,
}

impl Default for PruneRule {
    fn default() -> Self {
        Self {
            ratio: 0.5,
            rounding: Rounding::default(),
            scope: Scope::default(),
            protect: Vec::new(),
            granularity: Granularity::default(),
            adaptive: None,
        }
    }
}

impl PruneRule {
    /// Whether a search for the number goes together with the rest.
    ///
    /// # Errors
    /// Says what does not, and what would.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Some(adaptive) = &self.adaptive else {
            return Ok(());
        };
        if !self.granularity.is_modules() || self.scope != Scope::Global {
            return Err(ConfigError::new(
                "a search for the number of modules among single heads, or block by block",
                "leave granularity and scope as they are, or give a ratio",
            ));
        }
        if !(adaptive.tolerance.is_finite() && adaptive.tolerance >= 0.0) {
            return Err(ConfigError::new(
                format!(
                    "a tolerance of {} of the validation loss",
                    adaptive.tolerance
                ),
                "use 0 or more, such as 0.01",
            ));
        }
        Ok(())
    }

    /// K for a list of `modules` modules (or of as many heads).
    pub fn count(&self, modules: usize) -> usize {
        let share = self.ratio * modules as f64;
        // 0.3 · 10 is 2.9999999999999996 in f64: such a product means 3.
        let share = if (share - share.round()).abs() < 1e-9 {
            share.round()
        } else {
            share
        };
        let count = match self.rounding {
            Rounding::Floor => share.floor(),
            Rounding::Round => (share + 0.5).floor(),
            Rounding::Ceil => share.ceil(),
        };
        (count.max(0.0) as usize).min(modules)
    }
}
