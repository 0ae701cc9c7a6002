//! Search for the number of modules to remove, by the scores and the validation part alone.
//!
//! [`largest_gap`] compares the largest difference between neighbours in the ranking with the spread of a
//! score over batches: do the scores separate the modules? [`eliminate`] removes one module after the other
//! and stops at the first that raises the validation loss too much. [`crate::selection`] compares whole subsets
//! instead.

use spat_spec::{ModuleId, Plan, PlanError, Score, Search, Select, Trial};
use thiserror::Error;

pub use spat_spec::{AdaptiveRule, Otherwise};

/// The largest difference between neighbours in a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Number of modules below it.
    pub below: usize,
    /// Its width, in units of the score.
    pub width: f64,
    /// Its width over the pooled spread `√(mean of spread²)`; infinite if all spreads are 0.
    pub spreads: f64,
}

/// The largest difference between neighbours in the ranking, the lowest of equal ones. `None` for fewer than
/// two modules, or if all scores are equal.
pub fn largest_gap(scores: &[Score]) -> Option<Gap> {
    let mut values: Vec<f64> = scores.iter().map(|score| score.value).collect();
    values.sort_by(f64::total_cmp);
    let steps = values.windows(2).map(|pair| pair[1] - pair[0]);
    let (place, width) = steps
        .enumerate()
        .filter(|(_, width)| *width > 0.0)
        .reduce(|widest, next| if next.1 > widest.1 { next } else { widest })?;
    let squares: f64 = scores.iter().map(|score| score.spread.powi(2)).sum();
    let pooled = (squares / scores.len() as f64).sqrt();
    Some(Gap {
        below: place + 1,
        width,
        spreads: if pooled > 0.0 {
            width / pooled
        } else {
            f64::INFINITY
        },
    })
}

/// A search that failed.
#[derive(Debug, Error)]
pub enum AdaptiveError<E> {
    /// The scores cannot be turned into a plan.
    #[error(transparent)]
    Plan(PlanError),
    /// A candidate could not be evaluated.
    #[error(transparent)]
    Evaluate(E),
}

/// Backward elimination with a bound on the validation loss.
///
/// `evaluate` applies a plan (with or without fine-tuning) and returns the loss on the **validation** part;
/// it must not use the test part. It is called first for the plan that removes nothing.
///
/// If the largest gap is at least `stable` pooled spreads, the modules below it are removed one by one, the
/// lowest score first, while the loss is at most `1 + tolerance` times the dense one. Otherwise the ranking
/// is noise, and [`Otherwise`] decides. A loss that is not finite counts as too high. The search is recorded in
/// [`Plan::search`].
///
/// # Errors
/// The scores cannot be turned into a plan, a protected module was not scored, or `evaluate` failed.
pub async fn eliminate<E>(
    scorer: &str,
    scores: Vec<Score>,
    rule: &AdaptiveRule,
    protect: &[ModuleId],
    evaluate: impl AsyncFnMut(&Plan) -> Result<f64, E>,
) -> Result<Plan, AdaptiveError<E>> {
    check_protected(&scores, protect).map_err(AdaptiveError::Plan)?;
    let gap = largest_gap(&scores);
    let stable = gap.is_some_and(|gap| gap.spreads >= rule.stable);
    let ranked = ranked(&scores);
    let free = |module: &ModuleId| !protect.contains(module);
    let mut search = Candidates {
        scorer,
        scores,
        evaluate,
        removed: Vec::new(),
        limit: f64::INFINITY,
        trials: Vec::new(),
    };
    let dense = search.look(Vec::new()).await?;
    search.limit = dense + rule.tolerance * dense.abs();
    search.accept_last();

    match (stable, gap) {
        (true, Some(gap)) => {
            let below = ranked.into_iter().take(gap.below).filter(free);
            search.in_order(below).await?;
        }
        _ if rule.otherwise == Otherwise::TryEach => {
            search
                .each(ranked.into_iter().filter(free).collect())
                .await?;
        }
        _ => {}
    }
    let mut plan = search.plan(search.removed.clone())?;
    plan.search = Some(Search {
        select: Select::Elimination,
        below_gap: gap.map(|gap| gap.below),
        // JSON has no infinity: without spreads there is no number.
        gap_spreads: gap
            .map(|gap| gap.spreads)
            .filter(|spreads| spreads.is_finite()),
        believed: stable,
        origins: 0,
        trials: search.trials,
        screened: Vec::new(),
        linear: Vec::new(),
    });
    Ok(plan)
}

/// Checks that every protected module was scored.
pub(crate) fn check_protected(scores: &[Score], protect: &[ModuleId]) -> Result<(), PlanError> {
    let scored = |module: &&ModuleId| scores.iter().any(|score| score.module == **module);
    match protect.iter().find(|module| !scored(module)) {
        Some(unknown) => Err(PlanError::UnknownProtected(unknown.clone())),
        None => Ok(()),
    }
}

/// Modules by ascending score, equal ones from the output side first, as in [`Plan::from_scores`].
pub(crate) fn ranked(scores: &[Score]) -> Vec<ModuleId> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    places.sort_by(|&a, &b| scores[a].value.total_cmp(&scores[b].value).then(b.cmp(&a)));
    places
        .into_iter()
        .map(|place| scores[place].module.clone())
        .collect()
}

/// The state of the search.
struct Candidates<'a, F> {
    scorer: &'a str,
    scores: Vec<Score>,
    evaluate: F,
    removed: Vec<ModuleId>,
    limit: f64,
    trials: Vec<Trial>,
}

impl<F> Candidates<'_, F> {
    fn plan<E>(&self, removed: Vec<ModuleId>) -> Result<Plan, AdaptiveError<E>> {
        Plan::of_modules(self.scorer, self.scores.clone(), removed).map_err(AdaptiveError::Plan)
    }

    fn accept_last(&mut self) {
        if let Some(trial) = self.trials.last_mut() {
            trial.accepted = true;
        }
    }

    async fn look<E>(&mut self, removed: Vec<ModuleId>) -> Result<f64, AdaptiveError<E>>
    where
        F: AsyncFnMut(&Plan) -> Result<f64, E>,
    {
        let plan = self.plan(removed.clone())?;
        let loss = (self.evaluate)(&plan)
            .await
            .map_err(AdaptiveError::Evaluate)?;
        self.trials.push(Trial {
            removed,
            loss,
            accepted: false,
            macs: None,
            difference: None,
        });
        Ok(loss)
    }

    async fn with<E>(&mut self, module: &ModuleId) -> Result<f64, AdaptiveError<E>>
    where
        F: AsyncFnMut(&Plan) -> Result<f64, E>,
    {
        let mut removed = self.removed.clone();
        removed.push(module.clone());
        self.look(removed).await
    }

    /// Removes one module after the other until the loss exceeds the limit.
    async fn in_order<E>(
        &mut self,
        modules: impl Iterator<Item = ModuleId>,
    ) -> Result<(), AdaptiveError<E>>
    where
        F: AsyncFnMut(&Plan) -> Result<f64, E>,
    {
        for module in modules {
            let loss = self.with(&module).await?;
            if !within(loss, self.limit) {
                break;
            }
            self.accept_last();
            self.removed.push(module);
        }
        Ok(())
    }

    /// In each round, removes the module whose removal gives the lowest loss.
    async fn each<E>(&mut self, mut left: Vec<ModuleId>) -> Result<(), AdaptiveError<E>>
    where
        F: AsyncFnMut(&Plan) -> Result<f64, E>,
    {
        while !left.is_empty() {
            let first = self.trials.len();
            for module in &left {
                self.with(module).await?;
            }
            // The first of equal losses has the lowest score.
            let best = self.trials[first..]
                .iter()
                .enumerate()
                .filter(|(_, trial)| within(trial.loss, self.limit))
                .reduce(|best, next| {
                    if next.1.loss < best.1.loss {
                        next
                    } else {
                        best
                    }
                })
                .map(|(place, _)| place);
            let Some(place) = best else {
                break;
            };
            self.trials[first + place].accepted = true;
            self.removed.push(left.remove(place));
        }
        Ok(())
    }
}

/// `false` for NaN.
fn within(loss: f64, limit: f64) -> bool {
    loss <= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[(f64, f64)]) -> Vec<Score> {
        values
            .iter()
            .enumerate()
            .map(|(layer, &(value, spread))| Score {
                module: ModuleId::encoder(layer),
                value,
                heads: vec![value],
                spread,
                batches: 10,
            })
            .collect()
    }

    fn layers(modules: &[ModuleId]) -> Vec<&str> {
        modules.iter().map(ModuleId::as_str).collect()
    }

    /// Runs a search whose validation loss is 1 plus a known increase per removed module.
    fn search(scores: Vec<Score>, rule: &AdaptiveRule, prices: &[f64]) -> (Plan, Search) {
        guarded(scores, rule, &[], prices)
    }

    fn guarded(
        scores: Vec<Score>,
        rule: &AdaptiveRule,
        protect: &[ModuleId],
        prices: &[f64],
    ) -> (Plan, Search) {
        let evaluate = async |plan: &Plan| -> Result<f64, std::convert::Infallible> {
            let price = |module: &ModuleId| {
                let layer = (0..prices.len()).find(|&layer| *module == ModuleId::encoder(layer));
                layer.map_or(0.0, |layer| prices[layer])
            };
            Ok(1.0 + plan.removed.iter().map(price).sum::<f64>())
        };
        let plan = pollster::block_on(eliminate("send", scores, rule, protect, evaluate)).unwrap();
        let search = plan.search.clone().unwrap();
        (plan, search)
    }

    /// Sorted 1, 2, 5, 6: the gap of 3 is above two modules; spreads 1, 1, 1, 3 pool to √(12/4) = √3.
    #[test]
    fn the_gap_by_hand() {
        let gap = largest_gap(&scores(&[(5.0, 1.0), (1.0, 1.0), (6.0, 1.0), (2.0, 3.0)])).unwrap();
        assert_eq!((gap.below, gap.width), (2, 3.0));
        assert!((gap.spreads - 3.0_f64.sqrt()).abs() < 1e-12);

        let certain = largest_gap(&scores(&[(1.0, 0.0), (2.0, 0.0)])).unwrap();
        assert_eq!(certain.spreads, f64::INFINITY);
        assert_eq!(largest_gap(&scores(&[(1.0, 0.1)])), None);
        assert_eq!(largest_gap(&scores(&[(1.0, 0.1), (1.0, 0.1)])), None);
    }

    /// Layers 2 and 0 are below the gap and cost nothing: both are removed, with one evaluation each.
    #[test]
    fn what_lies_below_a_stable_gap_goes() {
        let scores = scores(&[(0.2, 0.1), (0.9, 0.1), (0.1, 0.1), (1.0, 0.1)]);
        let (plan, found) = search(scores, &AdaptiveRule::default(), &[0.0, 0.5, -0.1, 0.5]);
        assert!(found.believed);
        assert_eq!(
            layers(&plan.removed),
            ["encoder.2.attention", "encoder.0.attention"]
        );
        assert_eq!(plan.ratio, 0.5);
        let losses: Vec<f64> = found.trials.iter().map(|trial| trial.loss).collect();
        assert_eq!(losses, [1.0, 0.9, 0.9]);
    }

    /// Layer 0 has a low score, but its removal raises the validation loss.
    #[test]
    fn validation_guards_against_a_wrong_score() {
        let rule = AdaptiveRule {
            tolerance: 0.05,
            ..AdaptiveRule::default()
        };
        let values = [(0.2, 0.1), (0.9, 0.1), (0.1, 0.1), (1.0, 0.1)];
        let (plan, found) = search(scores(&values), &rule, &[0.2, 0.0, 0.04, 0.0]);
        assert_eq!(layers(&plan.removed), ["encoder.2.attention"]);
        assert_eq!(found.trials.len(), 3);
        assert!(!found.trials[2].accepted);

        let (strict, _) = search(
            scores(&values),
            &AdaptiveRule::default(),
            &[0.2, 0.0, 0.04, 0.0],
        );
        assert!(strict.removed.is_empty());
    }

    /// Gaps of 0.1 with a spread of 1 are noise. Round one removes layer 1 (−0.3), round two layer 2 (0), and
    /// round three layer 0, since 0.7 + 0.2 is below the dense loss of 1. In all 1 + 3 + 2 + 1 evaluations.
    #[test]
    fn an_unstable_ranking_is_not_believed() {
        let values = [(0.3, 1.0), (0.4, 1.0), (0.5, 1.0)];
        let prices = [0.2, -0.3, 0.0];
        let (plan, found) = search(scores(&values), &AdaptiveRule::default(), &prices);
        assert!(!found.believed);
        assert_eq!(
            layers(&plan.removed),
            [
                "encoder.1.attention",
                "encoder.2.attention",
                "encoder.0.attention"
            ]
        );
        assert_eq!(found.trials.len(), 7);

        let keep = AdaptiveRule {
            otherwise: Otherwise::Keep,
            ..AdaptiveRule::default()
        };
        let (plan, found) = search(scores(&values), &keep, &prices);
        assert!(plan.removed.is_empty());
        assert_eq!(found.trials.len(), 1);
    }

    #[test]
    fn protected_modules_stay_and_unknown_ones_are_refused() {
        let rule = AdaptiveRule::default();
        let values = [(0.1, 0.1), (0.2, 0.1), (1.0, 0.1)];
        let first = [ModuleId::encoder(0)];
        let (plan, _) = guarded(scores(&values), &rule, &first, &[0.0, 0.0, 0.0]);
        assert_eq!(layers(&plan.removed), ["encoder.1.attention"]);

        let unknown = [ModuleId::encoder(7)];
        let evaluate = async |_: &Plan| -> Result<f64, std::convert::Infallible> { Ok(0.0) };
        let refused = pollster::block_on(eliminate(
            "send",
            scores(&values),
            &rule,
            &unknown,
            evaluate,
        ));
        assert!(matches!(
            refused,
            Err(AdaptiveError::Plan(PlanError::UnknownProtected(_)))
        ));
    }

    #[test]
    fn a_loss_that_is_no_number_is_an_objection() {
        let values = [(0.1, 0.1), (1.0, 0.1)];
        let (plan, _) = search(scores(&values), &AdaptiveRule::default(), &[f64::NAN, 0.0]);
        assert!(plan.removed.is_empty());
    }
}
