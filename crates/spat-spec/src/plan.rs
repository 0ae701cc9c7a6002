//! From scores to a decision: how many modules go, which ones, and why.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ModuleId, Score, Structure, StructureError};

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
    /// Modules that stay whatever their score. They count in N.
    pub protect: Vec<ModuleId>,
}

impl Default for PruneRule {
    fn default() -> Self {
        Self {
            ratio: 0.5,
            rounding: Rounding::default(),
            scope: Scope::default(),
            protect: Vec::new(),
        }
    }
}

impl PruneRule {
    /// K for a list of `modules` modules.
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

/// Heads that go from one module that itself stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadRemoval {
    /// The module.
    pub module: ModuleId,
    /// Numbers of the dense module's heads, ascending.
    pub heads: Vec<usize>,
}

/// What to remove from a dense forecaster, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The name of the score that ranked the modules (`send`, `given` when a person chose).
    pub scorer: String,
    /// α as asked for.
    pub ratio: f64,
    /// The rule in full.
    pub rule: PruneRule,
    /// Modules to remove, least important first.
    pub removed: Vec<ModuleId>,
    /// Heads to remove from modules that stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_heads: Vec<HeadRemoval>,
    /// Modules that stay, from input to output.
    pub kept: Vec<ModuleId>,
    /// The scores that decided, from input to output.
    pub scores: Vec<Score>,
}

/// A ranking that cannot be turned into a plan.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlanError {
    /// α outside `[0, 1]`.
    #[error("a pruning ratio of {0} is no share of the modules; use a value from 0 to 1")]
    Ratio(f64),
    /// A score is NaN or infinite.
    #[error(
        "the score of `{module}` is {value}, so the modules cannot be ranked; the training has \
         diverged: lower the learning rate or clip the gradients"
    )]
    NotFinite {
        /// Whose score.
        module: ModuleId,
        /// Its value.
        value: f64,
    },
    /// The rule names a module that was not scored.
    #[error("cannot protect `{0}`: the model has no such attention module")]
    UnknownProtected(ModuleId),
}

impl Plan {
    /// Ranks the scored modules and marks the K lowest for removal. Equal scores go from the
    /// output side first, so that the order is always defined.
    ///
    /// # Errors
    /// A ratio outside `[0, 1]`, a score that is not finite, an unknown protected module.
    pub fn from_scores(
        scorer: &str,
        scores: Vec<Score>,
        rule: &PruneRule,
    ) -> Result<Self, PlanError> {
        if !(0.0..=1.0).contains(&rule.ratio) {
            return Err(PlanError::Ratio(rule.ratio));
        }
        if let Some(score) = scores.iter().find(|score| !score.value.is_finite()) {
            return Err(PlanError::NotFinite {
                module: score.module.clone(),
                value: score.value,
            });
        }
        if let Some(module) = rule
            .protect
            .iter()
            .find(|module| scores.iter().all(|score| score.module != **module))
        {
            return Err(PlanError::UnknownProtected(module.clone()));
        }

        let mut removed = Vec::new();
        for block in blocks(&scores, rule.scope) {
            removed.extend(lowest(&block, rule));
        }
        let kept = scores
            .iter()
            .map(|score| score.module.clone())
            .filter(|module| !removed.contains(module))
            .collect();
        Ok(Self {
            scorer: scorer.to_owned(),
            ratio: rule.ratio,
            rule: rule.clone(),
            removed,
            removed_heads: Vec::new(),
            kept,
            scores,
        })
    }

    /// The structure that is left of `dense` when the plan is carried out.
    ///
    /// # Errors
    /// The plan names a module or head that the forecaster does not have.
    pub fn apply_to(&self, dense: Structure) -> Result<Structure, StructureError> {
        let mut left = dense.without_modules(&self.removed)?;
        for removal in &self.removed_heads {
            left = left.without_heads(&removal.module, &removal.heads)?;
        }
        Ok(left)
    }
}

fn blocks(scores: &[Score], scope: Scope) -> Vec<Vec<(usize, &Score)>> {
    let mut blocks: Vec<(&str, Vec<(usize, &Score)>)> = Vec::new();
    for (place, score) in scores.iter().enumerate() {
        let name = match scope {
            Scope::Global => "",
            Scope::PerBlock => score.module.block(),
        };
        match blocks.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push((place, score)),
            None => blocks.push((name, vec![(place, score)])),
        }
    }
    blocks.into_iter().map(|(_, members)| members).collect()
}

fn lowest(block: &[(usize, &Score)], rule: &PruneRule) -> Vec<ModuleId> {
    let mut candidates: Vec<_> = block
        .iter()
        .filter(|(_, score)| !rule.protect.contains(&score.module))
        .collect();
    candidates.sort_by(|(place_a, a), (place_b, b)| {
        a.value.total_cmp(&b.value).then(place_b.cmp(place_a))
    });
    candidates
        .into_iter()
        .take(rule.count(block.len()))
        .map(|(_, score)| score.module.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(module: &str, value: f64) -> Score {
        Score {
            module: ModuleId::from(module),
            value,
            heads: vec![value],
            spread: 0.0,
            batches: 1,
        }
    }

    fn rule(ratio: f64, rounding: Rounding) -> PruneRule {
        PruneRule {
            ratio,
            rounding,
            ..PruneRule::default()
        }
    }

    #[test]
    fn counts_follow_the_rounding() {
        assert_eq!(rule(0.5, Rounding::Floor).count(3), 1);
        assert_eq!(rule(0.5, Rounding::Round).count(3), 2);
        assert_eq!(rule(0.5, Rounding::Ceil).count(3), 2);
        assert_eq!(rule(0.34, Rounding::Round).count(3), 1);
        assert_eq!(rule(0.3, Rounding::Floor).count(10), 3);
        assert_eq!(rule(1.0, Rounding::Floor).count(4), 4);
        assert_eq!(rule(0.0, Rounding::Ceil).count(4), 0);
    }

    #[test]
    fn the_lowest_go_and_protected_ones_stay() {
        let scores = vec![
            score("encoder.0.attention", 0.3),
            score("encoder.1.attention", 0.1),
            score("encoder.2.attention", 0.2),
            score("encoder.3.attention", 0.4),
        ];
        let plan = Plan::from_scores("send", scores.clone(), &rule(0.5, Rounding::Floor)).unwrap();
        assert_eq!(plan.removed, [ModuleId::encoder(1), ModuleId::encoder(2)]);
        assert_eq!(plan.kept, [ModuleId::encoder(0), ModuleId::encoder(3)]);

        let protect = PruneRule {
            protect: vec![ModuleId::encoder(1)],
            ..rule(0.5, Rounding::Floor)
        };
        let plan = Plan::from_scores("send", scores, &protect).unwrap();
        assert_eq!(plan.removed, [ModuleId::encoder(2), ModuleId::encoder(0)]);
    }

    #[test]
    fn per_block_ranking_takes_its_share_of_each_block() {
        let scores = vec![
            score("encoder.0.attention", 0.1),
            score("encoder.1.attention", 0.2),
            score("decoder.0.attention", 0.8),
            score("decoder.1.attention", 0.9),
        ];
        let per_block = PruneRule {
            scope: Scope::PerBlock,
            ..rule(0.5, Rounding::Floor)
        };
        let plan = Plan::from_scores("send", scores, &per_block).unwrap();
        let removed: Vec<_> = plan.removed.iter().map(ModuleId::as_str).collect();
        assert_eq!(removed, ["encoder.0.attention", "decoder.0.attention"]);
    }

    #[test]
    fn what_cannot_be_ranked_is_refused() {
        let half = rule(0.5, Rounding::Floor);
        assert!(
            Plan::from_scores("send", vec![score("encoder.0.attention", f64::NAN)], &half).is_err()
        );
        assert!(Plan::from_scores("send", vec![], &rule(1.5, Rounding::Floor)).is_err());
        let unknown = PruneRule {
            protect: vec![ModuleId::from("encoder.9.attention")],
            ..half
        };
        assert!(
            Plan::from_scores("send", vec![score("encoder.0.attention", 1.0)], &unknown).is_err()
        );
    }
}
