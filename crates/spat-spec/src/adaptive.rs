//! Search for the number of modules to remove: its rule and its record.

use serde::{Deserialize, Serialize};

use crate::ModuleId;

/// The rule of the search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdaptiveRule {
    /// Least width of the largest gap between scores, in pooled spreads, for the ranking to be used.
    pub stable: f64,
    /// Share by which the validation loss may exceed the dense model's.
    pub tolerance: f64,
    /// What to do if the ranking is not used.
    pub otherwise: Otherwise,
}

/// What to do if the scores do not separate the modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// Remove nothing.
    Keep,
    /// In every round, evaluate the removal of each module and remove the one with the lowest validation
    /// loss: N + (N − 1) + … evaluations at most.
    #[default]
    TryEach,
}

impl Default for AdaptiveRule {
    /// A gap of one pooled spread, no tolerance, and every module is tried otherwise.
    fn default() -> Self {
        Self {
            stable: 1.0,
            tolerance: 0.0,
            otherwise: Otherwise::default(),
        }
    }
}

/// One evaluation on the validation part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The removed modules.
    pub removed: Vec<ModuleId>,
    /// The validation loss.
    pub loss: f64,
    /// Whether the search continued from here.
    pub accepted: bool,
}

/// The record of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Modules below the largest gap of the ranking; `None` if all scores are equal.
    pub below_gap: Option<usize>,
    /// Width of that gap in pooled spreads; `None` without a gap, or if all spreads are 0.
    pub gap_spreads: Option<f64>,
    /// Whether the gap was wide enough for the ranking to be used.
    pub believed: bool,
    /// Every evaluation in order, the dense model first.
    pub trials: Vec<Trial>,
}

impl Search {
    /// Number of fine-tunings of the search.
    pub fn cost(&self) -> usize {
        self.trials.len()
    }

    /// Describes the choice and its cost in a sentence or two, for a report.
    pub fn in_words(&self, removed: usize, modules: usize) -> String {
        let tried = if self.cost() > 1 {
            " and modules were tried one by one"
        } else {
            " and nothing was tried"
        };
        let gap = match (self.below_gap, self.gap_spreads, self.believed) {
            (Some(below), Some(spreads), true) => format!(
                "the widest gap of the scores, {spreads:.1} times their spread over batches, has {below} of {modules} below it, which were removed in order until the validation loss exceeded its limit"
            ),
            (Some(below), None, true) => format!(
                "the widest gap of the scores has {below} of {modules} below it, which were removed in order until the validation loss exceeded its limit"
            ),
            (Some(_), Some(spreads), false) => format!(
                "the widest gap of the scores is only {spreads:.1} times their spread over batches, so the ranking was not used{tried}"
            ),
            _ => format!("the scores show no gap{tried}"),
        };
        let cost = self.cost();
        let losses = match self.losses() {
            (Some(dense), Some(last)) => format!(
                " Validation loss, fine-tuned, {dense:.4} with all modules and {last:.4} with those that are kept."
            ),
            _ => String::new(),
        };
        format!(
            "The number of modules was chosen without the test part: {gap}. {removed} of {modules} removed; the choice needed {cost} {}.{losses}",
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
    fn a_search_describes_its_choice_and_its_cost() {
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
