//! The decision, made from scores, which modules and heads to remove.

use serde::{Deserialize, Serialize};

use crate::ranking::{blocks, check, head_count, heads_by_score, lowest};
use crate::{ModuleId, PlanError, PruneRule, Score, Search, Structure, StructureError};

/// Heads to remove from a module that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadRemoval {
    /// The module.
    pub module: ModuleId,
    /// Numbers of the dense module's heads, ascending.
    pub heads: Vec<usize>,
}

/// What to remove from a dense forecaster, with the scores and the rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The name of the scorer that ranked the modules (`send`; `given` if a user chose).
    pub scorer: String,
    /// α as requested.
    pub ratio: f64,
    /// The complete rule.
    pub rule: PruneRule,
    /// Modules to remove, least important first.
    pub removed: Vec<ModuleId>,
    /// Heads to remove from modules that are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_heads: Vec<HeadRemoval>,
    /// Modules that are kept, from input to output.
    pub kept: Vec<ModuleId>,
    /// The scores, from input to output.
    pub scores: Vec<Score>,
    /// The search for the number, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

impl Plan {
    /// Ranks the scored modules and selects the K lowest for removal. Of equal scores, those on the output side
    /// are removed first, so that the order is always defined.
    ///
    /// # Errors
    /// A ratio outside `[0, 1]`, a score that is not finite, an unknown protected module.
    pub fn from_scores(
        scorer: &str,
        scores: Vec<Score>,
        rule: &PruneRule,
    ) -> Result<Self, PlanError> {
        check(&scores, rule)?;
        let mut removed = Vec::new();
        for block in blocks(&scores, rule.scope) {
            removed.extend(lowest(&block, rule));
        }
        Ok(Self::removing(scorer, scores, rule, removed, Vec::new()))
    }

    /// The plan of the rule's granularity; `dense` is the structure that was scored. Modules that its
    /// description protects join those of the rule.
    ///
    /// # Errors
    /// As [`Plan::from_scores`]; or heads are to be removed and there is not one score per active head, or the
    /// description allows no removal of single heads.
    pub fn decide(
        scorer: &str,
        scores: Vec<Score>,
        rule: &PruneRule,
        dense: &Structure,
    ) -> Result<Self, PlanError> {
        let mut protecting = dense.protect(rule);
        // What the description protects needs no score. An unknown module of the rule is an error.
        protecting.protect.retain(|module| {
            rule.protect.contains(module) || scores.iter().any(|score| score.module == *module)
        });
        if protecting.granularity.is_modules() {
            Self::from_scores(scorer, scores, &protecting)
        } else {
            Self::from_head_scores(scorer, scores, &protecting, dense)
        }
    }

    /// Ranks single heads and selects the lowest for removal, as many as the rule's granularity requires. A
    /// module without heads is removed. Of equal scores, those on the output side and with the highest head
    /// number are removed first.
    fn from_head_scores(
        scorer: &str,
        scores: Vec<Score>,
        rule: &PruneRule,
        dense: &Structure,
    ) -> Result<Self, PlanError> {
        check(&scores, rule)?;
        if let Some((module, reason)) = dense.forecaster.indivisible() {
            return Err(StructureError::Indivisible { module, reason }.into());
        }
        let mut gone: Vec<(ModuleId, usize)> = Vec::new();
        for block in blocks(&scores, rule.scope) {
            let ranked = heads_by_score(scorer, &block, rule, dense)?;
            let count = head_count(&block, &ranked, rule, dense)?;
            gone.extend(ranked.into_iter().take(count));
        }
        let mut removed: Vec<ModuleId> = Vec::new();
        let mut removed_heads: Vec<HeadRemoval> = Vec::new();
        for slot in &dense.attention {
            let is_gone = |head: &usize| {
                let mut gone = gone.iter();
                gone.any(|(module, gone)| *module == slot.module && gone == head)
            };
            let heads: Vec<usize> = slot.heads.iter().copied().filter(is_gone).collect();
            if heads.is_empty() {
                continue;
            }
            if heads == slot.heads {
                removed.push(slot.module.clone());
            } else {
                removed_heads.push(HeadRemoval {
                    module: slot.module.clone(),
                    heads,
                });
            }
        }
        Ok(Self::removing(scorer, scores, rule, removed, removed_heads))
    }

    fn removing(
        scorer: &str,
        scores: Vec<Score>,
        rule: &PruneRule,
        removed: Vec<ModuleId>,
        removed_heads: Vec<HeadRemoval>,
    ) -> Self {
        let kept = scores
            .iter()
            .map(|score| score.module.clone())
            .filter(|module| !removed.contains(module))
            .collect();
        Self {
            scorer: scorer.to_owned(),
            ratio: rule.ratio,
            rule: rule.clone(),
            removed,
            removed_heads,
            kept,
            scores,
            search: None,
        }
    }

    /// The plan that removes exactly these modules, in this order, independently of their scores: the choice of
    /// a user or a search. Its ratio is their share.
    ///
    /// # Errors
    /// A score is not finite, or a module was not scored.
    pub fn of_modules(
        scorer: &str,
        scores: Vec<Score>,
        removed: Vec<ModuleId>,
    ) -> Result<Self, PlanError> {
        let rule = PruneRule {
            ratio: removed.len() as f64 / scores.len().max(1) as f64,
            ..PruneRule::default()
        };
        check(&scores, &rule)?;
        match removed
            .iter()
            .find(|module| scores.iter().all(|score| score.module != **module))
        {
            Some(module) => Err(PlanError::NotScored(module.clone())),
            None => Ok(Self::removing(scorer, scores, &rule, removed, Vec::new())),
        }
    }

    /// The structure after the plan is applied to `dense`.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Granularity, Rounding, Scope};

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
    fn the_lowest_scores_are_removed_except_protected_modules() {
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
    fn per_block_ranking_removes_a_share_of_each_block() {
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
    fn invalid_scores_and_rules_are_rejected() {
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

    fn toy(layers: usize) -> Structure {
        let config = crate::ITransformerConfig {
            d_model: 16,
            d_ff: 16,
            heads: 4,
            layers,
            ..crate::ITransformerConfig::new(crate::Window::new(24, 12, 3), false)
        };
        Structure::dense(crate::ForecasterConfig::ITransformer(config))
    }

    fn heads(module: usize, values: [f64; 4]) -> Score {
        Score {
            module: ModuleId::encoder(module),
            value: values.iter().sum::<f64>() / 4.0,
            heads: values.to_vec(),
            spread: 0.0,
            batches: 1,
        }
    }

    fn of_heads(ratio: f64, granularity: Granularity) -> PruneRule {
        PruneRule {
            granularity,
            ..rule(ratio, Rounding::Floor)
        }
    }

    /// 3/8 of eight heads is three: 0.1, 0.2 and 0.3.
    #[test]
    fn the_lowest_heads_are_removed() {
        let scores = vec![
            heads(0, [0.9, 0.1, 0.8, 0.3]),
            heads(1, [0.7, 0.6, 0.2, 0.5]),
        ];
        let plan = Plan::decide(
            "send",
            scores,
            &of_heads(0.375, Granularity::Heads),
            &toy(2),
        )
        .unwrap();
        assert!(plan.removed.is_empty());
        let removed: Vec<_> = plan
            .removed_heads
            .iter()
            .map(|removal| (removal.module.as_str(), removal.heads.as_slice()))
            .collect();
        assert_eq!(
            removed,
            [
                ("encoder.0.attention", [1, 3].as_slice()),
                ("encoder.1.attention", [2].as_slice())
            ]
        );
        assert_eq!(plan.kept.len(), 2);
    }

    #[test]
    fn a_module_without_heads_is_removed_and_a_protected_one_keeps_all() {
        let scores = vec![
            heads(0, [0.1, 0.1, 0.1, 0.2]),
            heads(1, [0.7, 0.6, 0.3, 0.5]),
        ];
        let half = of_heads(0.5, Granularity::Heads);
        let plan = Plan::decide("send", scores.clone(), &half, &toy(2)).unwrap();
        assert_eq!(plan.removed, [ModuleId::encoder(0)]);
        assert_eq!(plan.kept, [ModuleId::encoder(1)]);
        assert!(plan.removed_heads.is_empty());

        let protect = PruneRule {
            protect: vec![ModuleId::encoder(0)],
            ..half
        };
        let plan = Plan::decide("send", scores, &protect, &toy(2)).unwrap();
        assert_eq!(plan.removed, [ModuleId::encoder(1)]);
    }

    /// One of three modules of four heads: four heads, of any module.
    #[test]
    fn equal_macs_take_as_many_heads_as_modules_hold() {
        let scores = vec![
            heads(0, [0.1, 0.9, 0.9, 0.9]),
            heads(1, [0.2, 0.25, 0.9, 0.9]),
            heads(2, [0.3, 0.9, 0.9, 0.9]),
        ];
        let dense = toy(3);
        let third = 1.0 / 3.0;
        let by_heads = Plan::decide(
            "send",
            scores.clone(),
            &of_heads(third, Granularity::HeadsAtEqualMacs),
            &dense,
        )
        .unwrap();
        let by_modules =
            Plan::decide("send", scores, &rule(third, Rounding::Floor), &dense).unwrap();
        assert_eq!(by_modules.removed, [ModuleId::encoder(1)]);
        let count: usize = by_heads
            .removed_heads
            .iter()
            .map(|removal| removal.heads.len())
            .sum();
        assert_eq!(count, 4);
        let heads_left = by_heads.apply_to(dense.clone()).unwrap().cost();
        let modules_left = by_modules.apply_to(dense).unwrap().cost();
        assert_eq!(heads_left.macs, modules_left.macs);
        // The bias of W_o is removed with a module, but not from a module that keeps a head.
        assert_eq!(heads_left.params, modules_left.params + 16);
    }

    #[test]
    fn scores_without_heads_cannot_rank_heads() {
        let error = Plan::decide(
            "first",
            vec![score("encoder.0.attention", 1.0)],
            &of_heads(0.5, Granularity::Heads),
            &toy(1),
        )
        .unwrap_err();
        assert!(
            error.to_string().contains("1 values for 4 heads"),
            "{error}"
        );
    }

    #[test]
    fn rules_without_a_granularity_mean_modules() {
        let json = serde_json::to_string(&rule(0.5, Rounding::Floor)).unwrap();
        assert!(!json.contains("granularity"));
        let heads = of_heads(0.5, Granularity::HeadsAtEqualMacs);
        let json = serde_json::to_string(&heads).unwrap();
        assert!(json.contains("heads-at-equal-macs"));
        assert_eq!(serde_json::from_str::<PruneRule>(&json).unwrap(), heads);
    }
}
