//! Preview of a pruning, computed in the app.

use leptos::prelude::*;
use spat_spec::{Cost, Experiment, ModuleId, Plan, PruneRule, Score, Structure};

use crate::state::Page;

/// Percent between two stops of the slider.
pub(super) const STEP: usize = 5;

/// A plan, and the structures before and after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Preview {
    pub(super) plan: Plan,
    pub(super) dense: Structure,
    pub(super) pruned: Structure,
}

/// The preview, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PreviewState {
    /// No module has a score.
    NoScores,
    /// The model of this name has no attention modules.
    NoModules(&'static str),
    /// The plan is made by comparing candidates, after training.
    Automatic,
    /// No plan can be made of the scores; the reason.
    Impossible(String),
    /// A plan.
    Ready(Box<Preview>),
}

impl PreviewState {
    /// The plan, if there is one.
    pub(super) fn preview(&self) -> Option<Preview> {
        match self {
            Self::Ready(preview) => Some(Preview::clone(preview)),
            _ => None,
        }
    }
}

/// Computes the preview from the current scores and ratio.
pub(super) fn preview_state(page: Page) -> PreviewState {
    let Some(mut experiment) = page.open_experiment() else {
        return PreviewState::NoScores;
    };
    if experiment.forecaster.modules().is_empty() {
        return PreviewState::NoModules(experiment.forecaster.name());
    }
    let scores = page.scores.get();
    if scores.is_empty() {
        return PreviewState::NoScores;
    }
    let ratio = page.ratio.get();
    let rule = experiment.prune;
    experiment.prune = page.setup.with(|setup| setup.prune_rule(ratio, rule));
    if experiment.prune.adaptive.is_some() {
        return PreviewState::Automatic;
    }
    match plan(experiment, scores) {
        Ok(preview) => PreviewState::Ready(Box::new(preview)),
        Err(why) => PreviewState::Impossible(why),
    }
}

fn plan(experiment: Experiment, scores: Vec<Score>) -> Result<Preview, String> {
    experiment.check().map_err(|error| error.to_string())?;
    let dense = Structure::dense(experiment.forecaster);
    let plan = Plan::decide(experiment.scorer.name(), scores, &experiment.prune, &dense)
        .map_err(|error| error.to_string())?;
    let pruned = plan
        .apply_to(dense.clone())
        .map_err(|error| error.to_string())?;
    Ok(Preview {
        plan,
        dense,
        pruned,
    })
}

/// The number of heads.
fn heads(structure: &Structure) -> usize {
    structure
        .attention
        .iter()
        .map(|slot| slot.heads.len())
        .sum()
}

impl Preview {
    /// Whether single heads are removed, not whole modules.
    pub(super) fn of_heads(&self) -> bool {
        !self.plan.rule.granularity.is_modules()
    }

    /// The name of the unit, in singular or plural.
    pub(super) fn unit(&self, count: usize) -> &'static str {
        match (self.of_heads(), count) {
            (false, 1) => "module",
            (false, _) => "modules",
            (true, 1) => "head",
            (true, _) => "heads",
        }
    }

    /// N: modules or heads in total.
    pub(super) fn all(&self) -> usize {
        if self.of_heads() {
            heads(&self.dense)
        } else {
            self.plan.scores.len()
        }
    }

    /// K: modules or heads that are removed.
    pub(super) fn removed(&self) -> usize {
        if self.of_heads() {
            heads(&self.dense) - heads(&self.pruned)
        } else {
            self.plan.removed.len()
        }
    }

    /// Heads that are removed from a module that is kept.
    pub(super) fn lost(&self, module: &ModuleId) -> usize {
        let lost = self.plan.removed_heads.iter();
        lost.filter(|lost| lost.module == *module)
            .map(|lost| lost.heads.len())
            .sum()
    }

    /// Scores in order of removal, the lowest first.
    pub(super) fn ranking(&self) -> Vec<&Score> {
        let gone = self.plan.removed.iter().filter_map(|module| {
            self.plan
                .scores
                .iter()
                .find(|score| score.module == *module)
        });
        let mut left: Vec<&Score> = self
            .plan
            .scores
            .iter()
            .rev()
            .filter(|s| !self.removes(s))
            .collect();
        // Equal scores stay in order of removal: output side first.
        left.sort_by(|a, b| a.value.total_cmp(&b.value));
        gone.chain(left).collect()
    }

    /// Whether this module is removed.
    pub(super) fn removes(&self, score: &Score) -> bool {
        self.plan.removed.contains(&score.module)
    }

    /// Midpoint between the highest score that is removed and the lowest that is kept.
    pub(super) fn cut(&self) -> Option<f64> {
        if self.of_heads() {
            return None;
        }
        let ranking = self.ranking();
        let last = ranking.get(self.removed().checked_sub(1)?)?;
        let next = ranking.get(self.removed())?;
        Some((last.value + next.value) / 2.0)
    }

    /// The costs before and after.
    pub(super) fn costs(&self) -> (Cost, Cost) {
        (self.dense.cost(), self.pruned.cost())
    }

    /// The lowest ratio of the slider that removes more, in percent.
    pub(super) fn next_percent(&self) -> Option<usize> {
        let rule = |percent: usize| PruneRule {
            ratio: percent as f64 / 100.0,
            ..self.plan.rule.clone()
        };
        (0..=100)
            .step_by(STEP)
            .find(|&percent| rule(percent).count(self.all()) > self.removed())
    }
}
