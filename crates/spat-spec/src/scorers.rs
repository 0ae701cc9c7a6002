//! The list of scorers, SEND and the baselines: names, titles and what each needs, without tensors.
//!
//! A scorer is one line of [`scorers!`] and one file of the same name in `spat-prune/src/scorers`.
//! The list is a macro because two crates use it: here it becomes [`Scorer`], which the web app and the
//! reports use without Burn; in `spat-prune` it becomes the modules and the dispatch to them. So both crates
//! have the same scorers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use spat_series::Part;
use thiserror::Error;

/// Calls the macro `$declare` with the list of scorers.
///
/// An entry has its file in `spat-prune/src/scorers`, its variant of [`Scorer`], its name in files and on the
/// command line, a title, its [`Needs`], and whether it also scores heads. The first is the default.
#[macro_export]
macro_rules! scorers {
    ($declare:ident) => {
        $declare! {
            send => Send { name: "send", title: "SEND, the dispersion of sensitivities", needs: Needs { steps: true, ..TRAIN }, heads: true },
            sensitivity_sum => SensitivitySum { name: "sensitivity-sum", title: "Sum of absolute sensitivities (SEND without dispersion)", needs: TRAIN, heads: true },
            random => Random { name: "random", title: "Random order", needs: MODEL, heads: true },
            first => First { name: "first", title: "First modules go first", needs: MODEL, heads: false },
            last => Last { name: "last", title: "Last modules go first", needs: MODEL, heads: false },
            magnitude => Magnitude { name: "magnitude", title: "Size of the weights", needs: MODEL, heads: true },
            snip => Snip { name: "snip", title: "SNIP, connection sensitivity of the weights", needs: Needs { untrained: true, trainable_weights: true, ..TRAIN }, heads: true },
            taylor => Taylor { name: "taylor", title: "First-order Taylor expansion of a gate", needs: TRAIN, heads: true },
            michel => Michel { name: "michel", title: "Michel's head importance", needs: TRAIN, heads: true },
            movement => Movement { name: "movement", title: "Movement of the weights while tuning", needs: Needs { trainable_weights: true, ..TRAIN }, heads: true },
            entropy => Entropy { name: "entropy", title: "Attention entropy (most uniform goes first)", needs: TRAIN, heads: true },
            similarity => Similarity { name: "similarity", title: "Change of the stream by the module (LLM-Drop)", needs: TRAIN, heads: false },
            block_influence => BlockInfluence { name: "block-influence", title: "Change of the stream by the layer (ShortGPT)", needs: TRAIN, heads: false },
            leave_one_out => LeaveOneOut { name: "leave-one-out", title: "Validation loss without the module", needs: VALIDATION, heads: true },
            gates => Gates { name: "gates", title: "Trained hard-concrete gates (Voita)", needs: TRAIN, heads: true },
        }
    };
}

/// What a scorer needs besides the attention modules of a trained model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The part of the table whose windows it evaluates, if any.
    pub part: Option<Part>,
    /// The model has its initial weights instead of the trained ones.
    pub untrained: bool,
    /// The weights of the attention modules are trainable.
    pub trainable_weights: bool,
    /// Every batch of a pass over the training part: the training itself, or a separate pass after it
    /// ([`crate::When`]). Scorers without this evaluate a few batches after training.
    pub steps: bool,
}

/// The trained model alone.
const MODEL: Needs = Needs {
    part: None,
    untrained: false,
    trainable_weights: false,
    steps: false,
};

/// Training windows.
const TRAIN: Needs = Needs {
    part: Some(Part::Train),
    ..MODEL
};

/// Validation windows.
const VALIDATION: Needs = Needs {
    part: Some(Part::Val),
    ..MODEL
};

macro_rules! declare {
    ($($module:ident => $scorer:ident {
        name: $name:literal, title: $title:literal, needs: $needs:expr, heads: $heads:literal
    },)+) => {
        /// A scorer of attention modules and their heads. `spat-prune` has the formulas and their sources.
        ///
        /// For every scorer, a higher score means a more important module.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Scorer {
            $(#[doc = $title] #[serde(rename = $name)] $scorer,)+
        }

        impl Scorer {
            /// Every scorer, the default first.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$scorer),+];

            /// The name in plans, experiments and studies and on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$scorer => $name,)+ }
            }

            /// A description in one line.
            pub fn title(self) -> &'static str {
                match self { $(Self::$scorer => $title,)+ }
            }

            /// What it needs besides a trained model.
            pub fn needs(self) -> Needs {
                match self { $(Self::$scorer => $needs,)+ }
            }

            /// Whether it also scores each head.
            pub fn scores_heads(self) -> bool {
                match self { $(Self::$scorer => $heads,)+ }
            }
        }
    };
}
scorers!(declare);

/// An unknown scorer name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no scorer `{name}`; use one of {known}")]
pub struct UnknownScorer {
    name: String,
    known: String,
}

impl Default for Scorer {
    /// The first scorer of the list.
    fn default() -> Self {
        Self::ALL[0]
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_scorer_is_found_by_its_unique_name() {
        assert_eq!(Scorer::default(), Scorer::Send);
        for scorer in Scorer::ALL {
            let json = serde_json::to_string(&scorer).unwrap();
            assert_eq!(json, format!("\"{scorer}\""));
            // Fails if two scorers have the same name.
            assert_eq!(scorer.name().parse(), Ok(scorer));
            let titles = Scorer::ALL.map(Scorer::title);
            assert_eq!(titles.iter().filter(|t| **t == scorer.title()).count(), 1);
        }
        let error = "entropie".parse::<Scorer>().unwrap_err().to_string();
        assert!(error.contains("`entropie`") && error.contains("block-influence"));
    }

    #[test]
    fn only_scorers_of_windows_need_steps_or_gradients() {
        for scorer in Scorer::ALL {
            let needs = scorer.needs();
            let gradients = needs.steps || needs.trainable_weights || needs.untrained;
            assert!(needs.part.is_some() || !gradients, "{scorer}");
            assert_ne!(needs.part, Some(Part::Test), "{scorer}");
        }
    }
}
