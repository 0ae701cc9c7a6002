//! What a ratio would do, computed in the page.

use leptos::prelude::*;
use spat_spec::{Cost, Experiment, ForecasterConfig, Plan, PruneRule, Score, Structure};

use crate::state::Page;

/// Percent between two stops of the slider.
pub(super) const STEP: usize = 5;

/// A decision and the two structures around it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Preview {
    pub(super) plan: Plan,
    pub(super) dense: Structure,
    pub(super) pruned: Structure,
}

/// What can be said about pruning now.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outlook {
    /// Nothing was scored.
    NoScores,
    /// The model, by its name, has nothing to remove.
    NoModules(&'static str),
    /// The scores make no plan; why.
    Impossible(String),
    /// A plan.
    Ready(Box<Preview>),
}

impl Outlook {
    /// The plan, if there is one.
    pub(super) fn preview(&self) -> Option<Preview> {
        match self {
            Self::Ready(preview) => Some(Preview::clone(preview)),
            _ => None,
        }
    }
}

/// What the page's scores and ratio lead to.
pub(super) fn outlook(page: Page) -> Outlook {
    let Some(experiment) = open_experiment(page) else {
        return Outlook::NoScores;
    };
    if experiment.forecaster.modules().is_empty() {
        return Outlook::NoModules(experiment.forecaster.name());
    }
    let scores = page.scores.get();
    if scores.is_empty() {
        return Outlook::NoScores;
    }
    let rule = PruneRule {
        ratio: page.ratio.get(),
        ..experiment.prune
    };
    match plan(experiment.forecaster, scores, &rule) {
        Ok(preview) => Outlook::Ready(Box::new(preview)),
        Err(why) => Outlook::Impossible(why),
    }
}

/// The experiment that the scores are of: the controls may have moved on since it began.
fn open_experiment(page: Page) -> Option<Experiment> {
    if let Some(trained) = page.trained.get() {
        return Some(Experiment::clone(&trained));
    }
    let run = page.run.get()?;
    page.cards.with(|cards| {
        let (_, card) = cards.iter().find(|(id, _)| *id == run)?;
        Some(card.experiment.clone())
    })
}

fn plan(
    forecaster: ForecasterConfig,
    scores: Vec<Score>,
    rule: &PruneRule,
) -> Result<Preview, String> {
    let plan = Plan::from_scores("send", scores, rule).map_err(|error| error.to_string())?;
    let dense = Structure::dense(forecaster);
    let pruned = plan
        .apply_to(dense.clone())
        .map_err(|error| error.to_string())?;
    Ok(Preview {
        plan,
        dense,
        pruned,
    })
}

impl Preview {
    /// N.
    pub(super) fn modules(&self) -> usize {
        self.plan.scores.len()
    }

    /// K.
    pub(super) fn removed(&self) -> usize {
        self.plan.removed.len()
    }

    /// Scores in the order of removal, the lowest first.
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
            .filter(|s| !self.goes(s))
            .collect();
        // Stable, so that equal scores keep the order in which they would go: output side first.
        left.sort_by(|a, b| a.value.total_cmp(&b.value));
        gone.chain(left).collect()
    }

    /// Whether this module is removed.
    pub(super) fn goes(&self, score: &Score) -> bool {
        self.plan.removed.contains(&score.module)
    }

    /// Half-way between the highest score that goes and the lowest that stays.
    pub(super) fn cut(&self) -> Option<f64> {
        let ranking = self.ranking();
        let last = ranking.get(self.removed().checked_sub(1)?)?;
        let next = ranking.get(self.removed())?;
        Some((last.value + next.value) / 2.0)
    }

    /// Before and after.
    pub(super) fn costs(&self) -> (Cost, Cost) {
        (self.dense.cost(), self.pruned.cost())
    }

    /// The lowest ratio of the slider that removes one module more, in percent.
    pub(super) fn next_percent(&self) -> Option<usize> {
        let rule = |percent: usize| PruneRule {
            ratio: percent as f64 / 100.0,
            ..self.plan.rule.clone()
        };
        (0..=100)
            .step_by(STEP)
            .find(|&percent| rule(percent).count(self.modules()) > self.removed())
    }
}
