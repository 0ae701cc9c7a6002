//! Search for the number of modules to remove: its rule and its record.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{LinearCandidate, ModuleId};

/// The rule of the search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdaptiveRule {
    /// Which candidates are compared, and which is taken. Omitted from files if it is the elimination, the only
    /// rule that older files have.
    #[serde(
        default = "Select::of_older_files",
        skip_serializing_if = "Select::is_elimination"
    )]
    pub select: Select,
    /// Of the elimination: least width of the largest gap between scores, in pooled spreads, for the ranking to
    /// be used.
    pub stable: f64,
    /// Of the elimination: share by which the validation loss may exceed the dense model's.
    pub tolerance: f64,
    /// Of the elimination: what to do if the ranking is not used.
    pub otherwise: Otherwise,
    /// Of the other rules: earlier cutoffs inside the training range, after which candidates are validated as well
    /// (rolling-origin validation). Each costs a training of the dense model and a fine-tuning of each candidate.
    /// Omitted from files if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub origins: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Which candidates are compared on the validation part, and which is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// Backward elimination: one module after the other is removed while the validation loss permits.
    Elimination,
    /// The candidate with the fewest MACs among those whose validation loss is at most one standard error of the
    /// paired difference above the lowest. Source: Breiman, Friedman, Olshen and Stone, "Classification and
    /// Regression Trees" (1984), section 3.4.3.
    #[default]
    OneSe,
    /// The candidate with the lowest validation loss.
    Best,
}

impl Select {
    /// Whether it is the backward elimination.
    pub fn is_elimination(&self) -> bool {
        *self == Self::Elimination
    }

    const fn of_older_files() -> Self {
        Self::Elimination
    }
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
    /// One standard error. For an elimination, a gap of one pooled spread, no tolerance, and every module is
    /// tried otherwise.
    fn default() -> Self {
        Self {
            select: Select::default(),
            stable: 1.0,
            tolerance: 0.0,
            otherwise: Otherwise::default(),
            origins: 0,
        }
    }
}

/// One evaluation of a fine-tuned candidate on the validation part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The removed modules.
    pub removed: Vec<ModuleId>,
    /// The validation loss; NaN if it is not finite.
    #[serde(deserialize_with = "null_as_nan")]
    pub loss: f64,
    /// Whether the candidate was chosen. Of an elimination: whether the search continued from here.
    pub accepted: bool,
    /// Multiply–accumulates of a forward pass; not recorded by an elimination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<u64>,
    /// Its loss against the lowest one; not recorded by an elimination, nor if the loss is not finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<LossDifference>,
}

/// How much higher a candidate's loss is than the lowest one, over the same validation windows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossDifference {
    /// Mean over the windows.
    pub mean: f64,
    /// Standard error of the mean, by a moving-block bootstrap; `None` if the windows are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

impl LossDifference {
    /// Whether the difference is at most one standard error; `false` without one.
    pub fn is_within_error(&self) -> bool {
        self.error.is_some_and(|error| self.mean <= error)
    }
}

/// One evaluation of a candidate on the validation part without fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScreenedCandidate {
    /// The removed modules.
    pub removed: Vec<ModuleId>,
    /// The validation loss; NaN if it is not finite.
    #[serde(deserialize_with = "null_as_nan")]
    pub loss: f64,
}

/// The record of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The rule. Omitted from files if it is the elimination.
    #[serde(
        default = "Select::of_older_files",
        skip_serializing_if = "Select::is_elimination"
    )]
    pub select: Select,
    /// Of an elimination: modules below the largest gap of the ranking; `None` if all scores are equal.
    pub below_gap: Option<usize>,
    /// Width of that gap in pooled spreads; `None` without a gap, or if all spreads are 0.
    pub gap_spreads: Option<f64>,
    /// Whether the gap was wide enough for the ranking to be used.
    pub believed: bool,
    /// Of a selection: earlier cutoffs inside the training range whose windows are among those of the losses.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub origins: usize,
    /// Every fine-tuned candidate. Of an elimination: in order, the dense model first.
    pub trials: Vec<Trial>,
    /// Every candidate without fine-tuning, if there were too many to fine-tune each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub screened: Vec<ScreenedCandidate>,
    /// Of a selection: the linear baselines on the same validation windows, if they were trained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linear: Vec<LinearCandidate>,
}

impl Search {
    /// Number of fine-tunings of the search.
    pub fn cost(&self) -> usize {
        self.trials.len() * (1 + self.origins)
    }

    /// The candidate with the lowest loss among those that are compared with it; `None` of an elimination.
    pub fn best(&self) -> Option<&Trial> {
        let compared = self
            .trials
            .iter()
            .filter(|trial| trial.difference.is_some());
        compared.min_by(|a, b| a.loss.total_cmp(&b.loss).then(a.macs.cmp(&b.macs)))
    }

    /// Describes the choice and its cost in a few sentences, for a report.
    pub fn in_words(&self, removed: usize, modules: usize) -> String {
        match self.select {
            Select::Elimination => self.elimination_in_words(removed, modules),
            Select::OneSe | Select::Best => self.selection_in_words(removed, modules),
        }
    }

    fn selection_in_words(&self, removed: usize, modules: usize) -> String {
        if self.trials.is_empty() {
            return "No module may be removed, so there was nothing to choose.".to_owned();
        }
        let rule = match self.select {
            Select::Best => "the lowest validation loss",
            _ => {
                "the one-standard-error rule (the fewest multiply–accumulates among the candidates whose \
                 validation loss is at most one standard error of the paired difference above the lowest)"
            }
        };
        let (count, cost) = (self.trials.len(), self.cost());
        let mut compared = match self.screened.len() {
            0 => format!("{count} candidates were compared, which needed {cost} fine-tunings."),
            all => format!(
                "{all} candidates were compared without fine-tuning, and {count} of them, the best and those that \
                 remove none and all, again after {cost} fine-tunings."
            ),
        };
        if self.origins > 0 {
            compared += &format!(
                " Their losses are those of the validation windows and of windows after {} earlier {} inside the \
                 training range, for which as many more dense models were trained.",
                self.origins,
                if self.origins == 1 {
                    "cutoff"
                } else {
                    "cutoffs"
                }
            );
        }
        format!(
            "The modules to remove were chosen without the test part, by {rule}. {compared} {} {removed} of \
             {modules} removed.",
            self.losses_in_words()
        )
    }

    /// The lowest loss and that of the chosen candidate.
    fn losses_in_words(&self) -> String {
        let chosen = self.trials.iter().find(|trial| trial.accepted);
        let (Some(best), Some(chosen)) = (self.best(), chosen) else {
            return "No candidate has a finite validation loss, so nothing was removed.".to_owned();
        };
        let lowest = best.loss;
        let few = best.difference.is_some_and(|best| best.error.is_none());
        if few && self.select == Select::OneSe {
            return format!(
                "The validation windows are too few for a standard error, so the candidate with the lowest \
                 validation loss, {lowest:.4}, was taken."
            );
        }
        match chosen.difference {
            Some(LossDifference {
                mean,
                error: Some(error),
            }) if chosen.removed != best.removed => format!(
                "The lowest validation loss is {lowest:.4}; that of the chosen candidate is {:.4}, higher by \
                 {mean:.4} ± {error:.4} (mean and standard error over the windows).",
                chosen.loss
            ),
            _ => format!("The chosen candidate has the lowest validation loss, {lowest:.4}."),
        }
    }

    fn elimination_in_words(&self, removed: usize, modules: usize) -> String {
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

/// JSON has no NaN and no infinity: they are written as null.
pub(crate) fn null_as_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(removed: usize, loss: f64, accepted: bool) -> Trial {
        Trial {
            removed: (0..removed).map(ModuleId::encoder).collect(),
            loss,
            accepted,
            macs: None,
            difference: None,
        }
    }

    fn compared(removed: usize, loss: f64, mean: f64, error: Option<f64>) -> Trial {
        Trial {
            macs: Some(100 - removed as u64),
            difference: Some(LossDifference { mean, error }),
            ..trial(removed, loss, false)
        }
    }

    fn elimination() -> Search {
        Search {
            select: Select::Elimination,
            below_gap: Some(2),
            gap_spreads: Some(2.34),
            believed: true,
            origins: 0,
            trials: Vec::new(),
            screened: Vec::new(),
            linear: Vec::new(),
        }
    }

    fn selection(trials: Vec<Trial>) -> Search {
        Search {
            select: Select::OneSe,
            below_gap: None,
            gap_spreads: None,
            believed: false,
            origins: 0,
            trials,
            screened: Vec::new(),
            linear: Vec::new(),
        }
    }

    #[test]
    fn a_search_describes_its_choice_and_its_cost() {
        let search = Search {
            trials: vec![
                trial(0, 0.5, true),
                trial(1, 0.45, true),
                trial(2, 0.55, false),
            ],
            ..elimination()
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

    #[test]
    fn a_selection_describes_both_losses_and_the_difference() {
        let mut search = selection(vec![
            compared(0, 0.5, 0.0, Some(0.0)),
            compared(1, 0.5012, 0.0012, Some(0.0034)),
        ]);
        search.trials[1].accepted = true;
        let words = search.in_words(1, 2);
        for words_of in [
            "one-standard-error rule",
            "2 candidates were compared, which needed 2 fine-tunings.",
            "is 0.5000; that of the chosen candidate is 0.5012, higher by 0.0012 ± 0.0034",
            "1 of 2 removed",
        ] {
            assert!(
                words.contains(words_of),
                "{words_of} is missing in: {words}"
            );
        }

        search.trials.swap(0, 1);
        search.screened = vec![
            ScreenedCandidate {
                removed: Vec::new(),
                loss: 0.5,
            };
            9
        ];
        let words = search.in_words(1, 2);
        assert!(words.contains("9 candidates were compared without fine-tuning, and 2 of them"));
        assert_eq!(search.best().map(|best| best.loss), Some(0.5));
    }

    #[test]
    fn a_selection_states_why_it_has_no_choice() {
        let few = selection(vec![
            Trial {
                accepted: true,
                ..compared(0, 0.5, 0.0, None)
            },
            compared(1, 0.6, 0.1, None),
        ]);
        let words = few.in_words(0, 2);
        assert!(words.contains("too few for a standard error"), "{words}");
        let nan = selection(vec![trial(0, f64::NAN, true), trial(1, f64::NAN, false)]);
        assert!(nan.in_words(0, 1).contains("No candidate has a finite"));
        assert!(
            selection(Vec::new())
                .in_words(0, 1)
                .contains("nothing to choose")
        );
    }

    /// Files of earlier builds have no `select`; they mean the elimination and are written as they were read.
    #[test]
    fn older_files_keep_their_meaning_and_their_text() {
        let old = r#"{"stable":1.0,"tolerance":0.01,"otherwise":"try-each"}"#;
        let rule: AdaptiveRule = serde_json::from_str(old).unwrap();
        assert!(rule.select.is_elimination());
        assert_eq!(serde_json::to_string(&rule).unwrap(), old);
        let empty: AdaptiveRule = serde_json::from_str("{}").unwrap();
        assert!(empty.select.is_elimination());

        let new = serde_json::to_string(&AdaptiveRule::default()).unwrap();
        assert!(new.contains(r#""select":"one-se""#), "{new}");
        assert_eq!(
            serde_json::from_str::<AdaptiveRule>(&new).unwrap(),
            AdaptiveRule::default()
        );

        let old = r#"{"below_gap":1,"gap_spreads":2.5,"believed":true,"trials":[{"removed":[],"loss":0.5,"accepted":true}]}"#;
        let search: Search = serde_json::from_str(old).unwrap();
        assert!(search.select.is_elimination());
        assert_eq!(serde_json::to_string(&search).unwrap(), old);
    }

    #[test]
    fn a_loss_that_is_not_finite_is_read_again() {
        let search = selection(vec![trial(0, f64::INFINITY, true)]);
        let text = serde_json::to_string(&search).unwrap();
        let read: Search = serde_json::from_str(&text).unwrap();
        assert!(read.trials[0].loss.is_nan());
    }
}
