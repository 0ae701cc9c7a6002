//! Names of the scorers of attention modules: SEND and the baseline scorers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A way to score attention modules and their heads. The formulas and their sources stand in
/// `spat-prune::score`.
///
/// Whatever a method measures, its score here is larger for a more important module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scorer {
    /// Dispersion of the sensitivities' rows.
    Send,
    /// SEND without the dispersion.
    SensitivitySum,
    /// A draw.
    Random,
    /// The first modules go first.
    First,
    /// The last modules go first.
    Last,
    /// Size of the weights.
    Magnitude,
    /// Connection sensitivity of the weights (Lee et al. 2019).
    Snip,
    /// First-order Taylor expansion of a gate (Molchanov et al. 2019).
    Taylor,
    /// Heads' contexts times their gradients (Michel et al. 2019).
    Michel,
    /// Weights' movement while the model is tuned (Sanh et al. 2020).
    Movement,
    /// Attention entropy.
    Entropy,
    /// Likeness of the stream before and after the module (LLM-Drop).
    Similarity,
    /// Likeness of the stream before and after the whole layer (ShortGPT).
    BlockInfluence,
    /// The validation loss without the module.
    LeaveOneOut,
    /// Hard-concrete gates (Voita et al. 2019).
    Gates,
}

/// A name that is no scorer's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no scorer `{name}`; use one of {known}")]
pub struct UnknownScorer {
    name: String,
    known: String,
}

impl Scorer {
    /// Every scorer, SEND first.
    pub const ALL: [Self; 15] = [
        Self::Send,
        Self::SensitivitySum,
        Self::Random,
        Self::First,
        Self::Last,
        Self::Magnitude,
        Self::Snip,
        Self::Taylor,
        Self::Michel,
        Self::Movement,
        Self::Entropy,
        Self::Similarity,
        Self::BlockInfluence,
        Self::LeaveOneOut,
        Self::Gates,
    ];

    /// The name in plans, studies and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::SensitivitySum => "sensitivity-sum",
            Self::Random => "random",
            Self::First => "first",
            Self::Last => "last",
            Self::Magnitude => "magnitude",
            Self::Snip => "snip",
            Self::Taylor => "taylor",
            Self::Michel => "michel",
            Self::Movement => "movement",
            Self::Entropy => "entropy",
            Self::Similarity => "similarity",
            Self::BlockInfluence => "block-influence",
            Self::LeaveOneOut => "leave-one-out",
            Self::Gates => "gates",
        }
    }

    /// What it measures, in one line for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Send => "SEND, the dispersion of sensitivities",
            Self::SensitivitySum => "Sum of absolute sensitivities (SEND without dispersion)",
            Self::Random => "Random order",
            Self::First => "First modules go first",
            Self::Last => "Last modules go first",
            Self::Magnitude => "Size of the weights",
            Self::Snip => "SNIP, connection sensitivity of the weights",
            Self::Taylor => "First-order Taylor expansion of a gate",
            Self::Michel => "Michel's head importance",
            Self::Movement => "Movement of the weights while tuning",
            Self::Entropy => "Attention entropy (most uniform goes first)",
            Self::Similarity => "Change of the stream by the module (LLM-Drop)",
            Self::BlockInfluence => "Change of the stream by the layer (ShortGPT)",
            Self::LeaveOneOut => "Validation loss without the module",
            Self::Gates => "Trained hard-concrete gates (Voita)",
        }
    }

    /// Whether it has a value for each head besides that of the module.
    pub fn scores_heads(self) -> bool {
        !matches!(
            self,
            Self::First | Self::Last | Self::Similarity | Self::BlockInfluence
        )
    }
}

impl fmt::Display for Scorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scorer {
    type Err = UnknownScorer;

    fn from_str(name: &str) -> Result<Self, UnknownScorer> {
        Self::ALL
            .into_iter()
            .find(|scorer| scorer.name() == name)
            .ok_or_else(|| UnknownScorer {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three spellings (serde's, `name` and `FromStr`) are one.
    #[test]
    fn a_scorer_has_one_name() {
        for scorer in Scorer::ALL {
            let json = serde_json::to_string(&scorer).unwrap();
            assert_eq!(json, format!("\"{scorer}\""));
            assert_eq!(scorer.name().parse(), Ok(scorer));
        }
        let error = "entropie".parse::<Scorer>().unwrap_err().to_string();
        assert!(error.contains("`entropie`") && error.contains("block-influence"));
    }
}
