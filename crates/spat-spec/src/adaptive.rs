//! A number of modules that nobody gives: the rule of the search for it, and what it saw.

use serde::{Deserialize, Serialize};

use crate::ModuleId;

/// When the search goes on, and when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdaptiveRule {
    /// Least width of the widest gap between scores, in pooled spreads, for the ranking to be
    /// believed.
    pub stable: f64,
    /// Share by which the validation loss may exceed the dense model's.
    pub tolerance: f64,
    /// What to do where the ranking is not believed.
    pub otherwise: Otherwise,
}

/// Where the scores do not separate the modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// Remove nothing.
    Keep,
    /// Look at every module in every round, and remove the one that the validation loss misses
    /// least: N + (N − 1) + … evaluations at most.
    #[default]
    TryEach,
}

impl Default for AdaptiveRule {
    /// A gap of one pooled spread, no loss given away, every module tried otherwise.
    fn default() -> Self {
        Self {
            stable: 1.0,
            tolerance: 0.0,
            otherwise: Otherwise::default(),
        }
    }
}

/// One look at the validation part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was removed.
    pub removed: Vec<ModuleId>,
    /// The validation loss.
    pub loss: f64,
    /// Whether the search went on from here.
    pub accepted: bool,
}

/// How a search came to its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Modules below the widest gap of the ranking; none where all scores are equal.
    pub below_gap: Option<usize>,
    /// Width of that gap in pooled spreads; none where there is no gap, or where no score wavers.
    pub gap_spreads: Option<f64>,
    /// Whether it was wide enough for the ranking to be believed.
    pub believed: bool,
    /// Every evaluation in its order, the dense model first: what the search cost.
    pub trials: Vec<Trial>,
}

impl Search {
    /// Fine-tunings that the decision took.
    pub fn cost(&self) -> usize {
        self.trials.len()
    }

    /// In a sentence or two, for a report: what was chosen from what, and its cost.
    pub fn in_words(&self, removed: usize, modules: usize) -> String {
        let tried = if self.cost() > 1 {
            " and modules were tried one by one"
        } else {
            " and nothing was tried"
        };
        let gap = match (self.below_gap, self.gap_spreads, self.believed) {
            (Some(below), Some(spreads), true) => format!(
                "the widest gap of the scores, {spreads:.1} times their spread over batches, has {below} of {modules} below it, which were removed in order until validation objected"
            ),
            (Some(below), None, true) => format!(
                "the widest gap of the scores has {below} of {modules} below it, which were removed in order until validation objected"
            ),
            (Some(_), Some(spreads), false) => format!(
                "the widest gap of the scores is only {spreads:.1} times their spread over batches, so that the ranking was not believed{tried}"
            ),
            _ => format!("the scores show no gap{tried}"),
        };
        let cost = self.cost();
        let losses = match self.losses() {
            (Some(dense), Some(last)) => format!(
                " Validation loss, fine-tuned, {dense:.4} with all modules and {last:.4} with those that stay."
            ),
            _ => String::new(),
        };
        format!(
            "The number of modules was chosen without the test part: {gap}. {removed} of {modules} removed; the choice took {cost} {}.{losses}",
            if cost == 1 {
                "fine-tuning"
            } else {
                "fine-tunings"
            }
        )
    }

    /// The dense loss, and that of the last accepted trial.
    fn losses(&self) -> (Option<f64>, Option<f64>) {
        let accepted = || self.trials.iter().filter(|trial| trial.accepted);
        (
            accepted().next().map(|trial| trial.loss),
            accepted().next_back().map(|trial| trial.loss),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(removed: usize, loss: f64, accepted: bool) -> Trial {
        Trial {
            removed: (0..removed).map(ModuleId::encoder).collect(),
            loss,
            accepted,
        }
    }

    #[test]
    fn a_search_tells_what_was_chosen_and_what_it_took() {
        let search = Search {
            below_gap: Some(2),
            gap_spreads: Some(2.34),
            believed: true,
            trials: vec![
                trial(0, 0.5, true),
                trial(1, 0.45, true),
                trial(2, 0.55, false),
            ],
        };
        let words = search.in_words(1, 4);
        for figure in [
            "2.3 times",
            "2 of 4 below it",
            "1 of 4 removed",
            "3 fine-tunings",
            "0.5000 with all modules and 0.4500",
        ] {
            assert!(words.contains(figure), "{figure} is missing in: {words}");
        }
        let unsure = Search {
            gap_spreads: Some(0.4),
            believed: false,
            ..search.clone()
        };
        assert!(unsure.in_words(1, 4).contains("tried one by one"));
        let kept = Search {
            trials: vec![trial(0, 0.5, true)],
            ..unsure
        };
        let words = kept.in_words(0, 4);
        assert!(words.contains("nothing was tried") && words.contains("1 fine-tuning."));
    }
}
