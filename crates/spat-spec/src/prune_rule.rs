//! How many modules or heads are removed, and from which lists.

use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::{AdaptiveRule, ModuleId};

/// The most earlier cutoffs of a selection.
const MOST_ORIGINS: usize = 20;

/// How `ratio · N` becomes a whole number of modules K.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// Down: at most the requested share.
    #[default]
    Floor,
    /// To the nearest, halves up.
    Round,
    /// Up: at least the requested share.
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

/// The unit that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// Whole attention modules, as in the paper.
    #[default]
    Modules,
    /// Single heads: the ratio is a share of all heads.
    Heads,
    /// Single heads, as many as save the same MACs as the ratio of whole modules, for a fair comparison of heads
    /// with modules.
    HeadsAtEqualMacs,
}

impl Granularity {
    /// Whether whole modules are removed.
    pub fn is_modules(&self) -> bool {
        *self == Self::Modules
    }
}

/// How many modules are removed, and from which lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PruneRule {
    /// α, the share of attention modules to remove, in `[0, 1]`.
    pub ratio: f64,
    /// How `α · N` becomes K.
    pub rounding: Rounding,
    /// Which modules are ranked together.
    pub scope: Scope,
    /// Modules that are never removed, with all their heads. They count in N.
    pub protect: Vec<ModuleId>,
    /// Modules or heads. Omitted from files if it is modules, so that older files and their hashes are
    /// unchanged.
    #[serde(skip_serializing_if = "Granularity::is_modules")]
    pub granularity: Granularity,
    /// If set, the number is found by a search on the validation part, and the ratio is ignored. For whole
    /// modules in one ranking.
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
    /// Checks that a search for the number is compatible with the other fields.
    ///
    /// # Errors
    /// The incompatible field, and what to use instead.
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
        if adaptive.origins > MOST_ORIGINS {
            return Err(ConfigError::new(
                format!("a selection with {} earlier cutoffs", adaptive.origins),
                format!("use {MOST_ORIGINS} or less"),
            ));
        }
        if adaptive.origins > 0 && adaptive.select.is_elimination() {
            return Err(ConfigError::new(
                "an elimination with earlier cutoffs",
                "use another selection, such as `one-se`, or no cutoffs",
            ));
        }
        Ok(())
    }

    /// Earlier cutoffs at which candidates are validated; none without a selection.
    pub fn origins(&self) -> usize {
        self.adaptive.map_or(0, |adaptive| adaptive.origins)
    }

    /// K for a list of `modules` modules (or of as many heads).
    pub fn count(&self, modules: usize) -> usize {
        let share = self.ratio * modules as f64;
        // 0.3 · 10 is 2.9999999999999996 in f64 and counts as 3.
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
