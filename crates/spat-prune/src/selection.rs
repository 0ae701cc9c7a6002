//! Selection of the modules to remove among subsets, by the validation part and the uncertainty of its losses.
//!
//! [`select`] compares candidates by the paired differences of their losses on the same validation windows. The
//! standard error of a difference is that of a moving-block bootstrap, so a candidate that is better by chance
//! alone is not preferred to a smaller one ([`Select::OneSe`]).

use spat_series::standard_error;
use spat_spec::{
    LinearCandidate, LossDifference, ModuleId, Plan, Score, ScreenedCandidate, Search, Select,
    Trial,
};

use crate::adaptive::{AdaptiveError, check_protected, ranked};

/// Up to as many modules, every subset is a candidate.
const ALL_SUBSETS: usize = 3;

/// Most candidates that are fine-tuned, besides those that remove none and all.
const MOST_FINETUNED: usize = 8;

/// Evaluates the candidates of a [`select`]. Nothing here may use the test part.
#[allow(async_fn_in_trait)] // As the engine, it belongs to one thread, so its futures need not be Send.
pub trait CandidateEvaluator {
    /// A failed evaluation.
    type Error;

    /// Multiply–accumulates of a forward pass after the plan is applied.
    fn macs(&self, plan: &Plan) -> Result<u64, Self::Error>;

    /// The mean validation loss after the plan is applied, without fine-tuning.
    async fn screen(&mut self, plan: &Plan) -> Result<f64, Self::Error>;

    /// The loss of every validation window, in the order of time, after the plan is applied and the model is
    /// fine-tuned. Equally many for every plan.
    async fn losses(&mut self, plan: &Plan) -> Result<Vec<f64>, Self::Error>;

    /// Linear models on the same validation windows, to compare the candidates with; none by default.
    async fn linear(&mut self) -> Result<Vec<LinearLosses>, Self::Error> {
        Ok(Vec::new())
    }
}

/// A linear model on the validation windows.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearLosses {
    /// Its name.
    pub name: String,
    /// Multiply–accumulates of a forward pass.
    pub macs: u64,
    /// The loss of every validation window, in the order of time.
    pub losses: Vec<f64>,
}

/// Chooses among subsets of the modules that are not protected.
///
/// The candidates are every subset of up to three modules. Of more modules they are none, all, the 1, 2, … with
/// the lowest scores, and the 1, 2, … nearest to the output. If they are more than eight, all are compared
/// without fine-tuning first, and only the best eight, none and all are fine-tuned. `block` is the number of
/// windows after which two have no forecast row in common: the horizon.
///
/// [`Select::OneSe`] is applied as described there; every other rule takes the lowest loss. A candidate whose loss
/// is not finite is never chosen; if there is no other, nothing is removed. Where the
/// windows are fewer than four blocks there is no standard error, and the lowest loss decides. Of equal losses the
/// fewest MACs decide, and the other way round. Linear models are compared with the lowest and the chosen candidate,
/// and are never chosen. The comparison is recorded in [`Plan::search`].
///
/// # Errors
/// The scores cannot be turned into a plan, a protected module was not scored, or `evaluator` failed.
pub async fn select<C: CandidateEvaluator>(
    scorer: &str,
    scores: Vec<Score>,
    rule: Select,
    protect: &[ModuleId],
    block: usize,
    evaluator: &mut C,
) -> Result<Plan, AdaptiveError<C::Error>> {
    check_protected(&scores, protect).map_err(AdaptiveError::Plan)?;
    let plan_of = |removed: Vec<ModuleId>| {
        Plan::of_modules(scorer, scores.clone(), removed).map_err(AdaptiveError::Plan)
    };
    let mut plans = Vec::new();
    for removed in subsets(&scores, protect) {
        plans.push(plan_of(removed)?);
    }
    let mut screened = Vec::new();
    if plans.len() > MOST_FINETUNED {
        for plan in &plans {
            screened.push(ScreenedCandidate {
                removed: plan.removed.clone(),
                loss: evaluator
                    .screen(plan)
                    .await
                    .map_err(AdaptiveError::Evaluate)?,
            });
        }
        plans = promising(plans, &screened);
    }
    let mut candidates = Vec::new();
    // A single candidate needs no comparison.
    if plans.len() > 1 {
        for plan in &plans {
            let macs = evaluator.macs(plan).map_err(AdaptiveError::Evaluate)?;
            let losses = evaluator.losses(plan).await;
            candidates.push(Candidate::new(
                losses.map_err(AdaptiveError::Evaluate)?,
                macs,
            ));
        }
    }
    let differences = differences(&candidates, block);
    // The first plan removes nothing.
    let chosen = choose(&candidates, &differences, rule).unwrap_or(0);
    let mut linear = Vec::new();
    if !candidates.is_empty() {
        let models = evaluator.linear().await;
        let best = lowest(&candidates).map(|best| &candidates[best]);
        for model in models.map_err(AdaptiveError::Evaluate)? {
            let candidate = Candidate::new(model.losses, model.macs);
            linear.push(LinearCandidate {
                name: model.name,
                loss: candidate.loss,
                macs: candidate.macs,
                difference: best.and_then(|best| difference(&candidate, best, block)),
                to_chosen: difference(&candidate, &candidates[chosen], block),
            });
        }
    }
    let trials = plans.iter().zip(&candidates).zip(&differences).enumerate();
    let trials = trials.map(|(place, ((plan, candidate), difference))| Trial {
        removed: plan.removed.clone(),
        loss: candidate.loss,
        accepted: place == chosen,
        macs: Some(candidate.macs),
        difference: *difference,
    });
    let search = Search {
        select: rule,
        below_gap: None,
        gap_spreads: None,
        believed: false,
        origins: 0,
        trials: trials.collect(),
        screened,
        linear,
    };
    Ok(Plan {
        search: Some(search),
        ..plans.swap_remove(chosen)
    })
}

/// The candidates in ascending number of modules, each with the lowest score first; the first is empty.
fn subsets(scores: &[Score], protect: &[ModuleId]) -> Vec<Vec<ModuleId>> {
    let mut free = ranked(scores);
    free.retain(|module| !protect.contains(module));
    let mut subsets: Vec<Vec<ModuleId>> = Vec::new();
    if free.len() <= ALL_SUBSETS {
        for bits in 0..1_u32 << free.len() {
            let members = free.iter().enumerate();
            let members = members.filter(|(place, _)| bits >> place & 1 == 1);
            subsets.push(members.map(|(_, module)| module.clone()).collect());
        }
    } else {
        // The order is that of the scores: from input to output.
        let from_output = scores.iter().rev().map(|score| &score.module);
        let from_output: Vec<&ModuleId> =
            from_output.filter(|module| free.contains(module)).collect();
        for count in 0..=free.len() {
            let last: Vec<ModuleId> = free
                .iter()
                .filter(|module| from_output[..count].contains(module))
                .cloned()
                .collect();
            let lowest = free[..count].to_vec();
            if last != lowest {
                subsets.push(last);
            }
            subsets.push(lowest);
        }
    }
    subsets.sort_by_key(Vec::len);
    subsets
}

/// The plans with the lowest losses without fine-tuning, and the first and the last, which remove none and all.
fn promising(plans: Vec<Plan>, screened: &[ScreenedCandidate]) -> Vec<Plan> {
    // NaN of either sign is above every number.
    let loss = |place: usize| screened[place].loss.abs();
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by(|&a, &b| loss(a).total_cmp(&loss(b)));
    order.truncate(MOST_FINETUNED);
    let last = plans.len() - 1;
    let plans = plans.into_iter().enumerate();
    plans
        .filter(|(place, _)| *place == 0 || *place == last || order.contains(place))
        .map(|(_, plan)| plan)
        .collect()
}

/// A fine-tuned candidate.
struct Candidate {
    /// Of every validation window.
    losses: Vec<f64>,
    /// Their mean.
    loss: f64,
    macs: u64,
}

impl Candidate {
    fn new(losses: Vec<f64>, macs: u64) -> Self {
        Self {
            loss: mean(&losses),
            losses,
            macs,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The candidate with the lowest finite loss; of equal ones the one with the fewest MACs.
fn lowest(candidates: &[Candidate]) -> Option<usize> {
    let finite = (0..candidates.len()).filter(|&place| candidates[place].loss.is_finite());
    finite.min_by(|&a, &b| {
        let (a, b) = (&candidates[a], &candidates[b]);
        a.loss.total_cmp(&b.loss).then(a.macs.cmp(&b.macs))
    })
}

/// Each candidate against the one with the lowest loss; `None` for losses that are not finite.
fn differences(candidates: &[Candidate], block: usize) -> Vec<Option<LossDifference>> {
    let best = lowest(candidates).map(|best| &candidates[best]);
    let each = candidates.iter();
    each.map(|candidate| difference(candidate, best?, block))
        .collect()
}

/// One candidate against another; `None` for losses that are not finite, or of other windows.
fn difference(candidate: &Candidate, other: &Candidate, block: usize) -> Option<LossDifference> {
    let comparable = candidate.losses.len() == other.losses.len()
        && candidate.loss.is_finite()
        && other.loss.is_finite();
    comparable.then(|| {
        let pairs = candidate.losses.iter().zip(&other.losses);
        let windows: Vec<f64> = pairs.map(|(own, other)| own - other).collect();
        LossDifference {
            mean: mean(&windows),
            error: standard_error(&windows, block),
        }
    })
}

/// The candidate that the rule takes; `None` if no loss is finite.
fn choose(
    candidates: &[Candidate],
    differences: &[Option<LossDifference>],
    rule: Select,
) -> Option<usize> {
    let best = lowest(candidates)?;
    if rule != Select::OneSe {
        return Some(best);
    }
    let within = (0..candidates.len()).filter(|&place| {
        place == best || differences[place].is_some_and(|difference| difference.is_within_error())
    });
    within.min_by(|&a, &b| {
        let (a, b) = (&candidates[a], &candidates[b]);
        a.macs.cmp(&b.macs).then(a.loss.total_cmp(&b.loss))
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use spat_spec::PlanError;

    use super::*;

    const WINDOWS: usize = 40;

    fn scores(values: &[f64]) -> Vec<Score> {
        let each = values.iter().enumerate();
        each.map(|(layer, &value)| Score {
            module: ModuleId::encoder(layer),
            value,
            heads: vec![value],
            spread: 0.1,
            batches: 10,
        })
        .collect()
    }

    /// Modules whose removal raises the mean loss of 1 by a known amount. With any removal, the losses of even
    /// windows are `noise` above their mean and those of odd windows as much below, so that the standard error of
    /// the mean difference to no removal is noise/√40 over 40 independent windows.
    struct Known<'a> {
        prices: &'a [f64],
        noise: f64,
        windows: usize,
        /// Loss of a linear model in every window.
        linear: Option<f64>,
        screened: usize,
        finetuned: usize,
    }

    impl<'a> Known<'a> {
        fn new(prices: &'a [f64], noise: f64) -> Self {
            Self {
                prices,
                noise,
                windows: WINDOWS,
                linear: None,
                screened: 0,
                finetuned: 0,
            }
        }

        fn price(&self, plan: &Plan) -> f64 {
            let layers = self.prices.iter().enumerate();
            layers
                .filter(|(layer, _)| plan.removed.contains(&ModuleId::encoder(*layer)))
                .map(|(_, price)| price)
                .sum()
        }
    }

    impl CandidateEvaluator for Known<'_> {
        type Error = Infallible;

        fn macs(&self, plan: &Plan) -> Result<u64, Infallible> {
            Ok(100 - 10 * plan.removed.len() as u64)
        }

        async fn screen(&mut self, plan: &Plan) -> Result<f64, Infallible> {
            self.screened += 1;
            Ok(1.0 + self.price(plan))
        }

        async fn losses(&mut self, plan: &Plan) -> Result<Vec<f64>, Infallible> {
            self.finetuned += 1;
            let price = self.price(plan);
            let noise = if plan.removed.is_empty() {
                0.0
            } else {
                self.noise
            };
            let loss = |window: usize| {
                let sign = if window.is_multiple_of(2) { 1.0 } else { -1.0 };
                1.0 + price + sign * noise
            };
            Ok((0..self.windows).map(loss).collect())
        }

        async fn linear(&mut self) -> Result<Vec<LinearLosses>, Infallible> {
            let model = |&loss: &f64| LinearLosses {
                name: "rlinear".to_owned(),
                macs: 1,
                losses: vec![loss; self.windows],
            };
            Ok(self.linear.iter().map(model).collect())
        }
    }

    fn run(
        values: &[f64],
        rule: Select,
        protect: &[ModuleId],
        block: usize,
        known: &mut Known<'_>,
    ) -> (Vec<ModuleId>, Search) {
        let found = select("send", scores(values), rule, protect, block, known);
        let plan = pollster::block_on(found).unwrap();
        (plan.removed, plan.search.unwrap())
    }

    fn layers(layers: &[usize]) -> Vec<ModuleId> {
        layers
            .iter()
            .map(|&layer| ModuleId::encoder(layer))
            .collect()
    }

    /// The removal of layer 1 costs 0.05 in the mean, with differences of 0.05 ± 1: their standard error over 40
    /// windows is 1/√40 = 0.158, so 0.05 is no difference. Layer 0 costs 0.5.
    #[test]
    fn one_standard_error_removes_what_the_lowest_loss_keeps() {
        let mut known = Known::new(&[0.5, 0.05], 1.0);
        let (removed, search) = run(&[0.1, 0.2], Select::OneSe, &[], 1, &mut known);
        assert_eq!(removed, layers(&[1]));
        assert_eq!((known.screened, known.finetuned), (0, 4));
        let of_layer = search.trials.iter().find(|trial| trial.accepted).unwrap();
        let difference = of_layer.difference.unwrap();
        assert!((difference.mean - 0.05).abs() < 1e-12);
        assert!((difference.error.unwrap() - 0.158).abs() < 0.02);
        assert_eq!(of_layer.macs, Some(90));
        assert_eq!(search.best().unwrap().removed, layers(&[]));

        let mut known = Known::new(&[0.5, 0.05], 1.0);
        let (removed, search) = run(&[0.1, 0.2], Select::Best, &[], 1, &mut known);
        assert!(removed.is_empty());
        assert_eq!(search.trials.len(), 4);
    }

    /// A linear model with half the loss is compared and not chosen. The lowest candidate has a loss of 1 and the
    /// chosen one of 1.05, with a standard error of 0.158.
    #[test]
    fn a_linear_model_is_compared_and_never_chosen() {
        let mut known = Known::new(&[0.5, 0.05], 1.0);
        known.linear = Some(0.5);
        let (removed, search) = run(&[0.1, 0.2], Select::OneSe, &[], 1, &mut known);
        assert_eq!(removed, layers(&[1]));
        let [linear] = &search.linear[..] else {
            panic!("one linear model");
        };
        assert_eq!((linear.loss, linear.macs), (0.5, 1));
        assert_eq!(linear.difference.unwrap().mean, -0.5);
        let to_chosen = linear.to_chosen.unwrap();
        assert!((to_chosen.mean + 0.55).abs() < 1e-12);
        assert!((to_chosen.error.unwrap() - 0.158).abs() < 0.02);
        assert!(search.trials.iter().all(|trial| trial.macs != Some(1)));
    }

    /// Without variation the standard error is 0, so that every increase is a difference.
    #[test]
    fn a_certain_increase_is_not_accepted() {
        let mut known = Known::new(&[0.001, 0.002], 0.0);
        let (removed, _) = run(&[0.1, 0.2], Select::OneSe, &[], 1, &mut known);
        assert!(removed.is_empty());
    }

    /// Of equal losses, the fewest MACs decide under both rules; of equal MACs the lowest loss.
    #[test]
    fn ties_are_decided() {
        for rule in [Select::OneSe, Select::Best] {
            let (removed, _) = run(&[0.1, 0.2], rule, &[], 1, &mut Known::new(&[0.0, 0.0], 0.0));
            assert_eq!(removed, layers(&[0, 1]), "{rule:?}");
        }
        let mut known = Known::new(&[0.07, 0.05], 0.6);
        let (removed, _) = run(&[0.1, 0.2], Select::OneSe, &[], 1, &mut known);
        // Both together cost 0.12 with a standard error of 0.6/√40 = 0.095.
        assert_eq!(removed, layers(&[1]));
    }

    /// 40 windows are fewer than four blocks of 12.
    #[test]
    fn too_few_windows_leave_the_lowest_loss() {
        let mut known = Known::new(&[-0.1, 0.05], 1.0);
        let (removed, search) = run(&[0.1, 0.2], Select::OneSe, &[], 12, &mut known);
        assert_eq!(removed, layers(&[0]));
        let errors = search.trials.iter().map(|trial| trial.difference.unwrap());
        assert!(
            errors
                .map(|difference| difference.error)
                .all(|error| error.is_none())
        );
        assert!(search.in_words(1, 2).contains("too few"));
    }

    #[test]
    fn protected_modules_stay_and_unknown_ones_are_refused() {
        let first = [ModuleId::encoder(0)];
        let mut known = Known::new(&[-0.5, -0.1, -0.1], 0.0);
        let (removed, search) = run(&[0.1, 0.3, 0.2], Select::OneSe, &first, 1, &mut known);
        assert_eq!(removed, layers(&[2, 1]));
        assert_eq!(search.trials.len(), 4);

        let all = layers(&[0, 1, 2]);
        let mut known = Known::new(&[-0.5, -0.1, -0.1], 0.0);
        let (removed, search) = run(&[0.1, 0.3, 0.2], Select::OneSe, &all, 1, &mut known);
        assert!(removed.is_empty() && search.trials.is_empty());
        assert_eq!(known.finetuned, 0);

        let unknown = [ModuleId::encoder(7)];
        let found = select(
            "send",
            scores(&[0.1]),
            Select::OneSe,
            &unknown,
            1,
            &mut known,
        );
        assert!(matches!(
            pollster::block_on(found),
            Err(AdaptiveError::Plan(PlanError::UnknownProtected(_)))
        ));
    }

    /// Of four modules: none, all, three of the lowest scores, three from the output, of which one is equal.
    #[test]
    fn the_candidates_of_more_modules_are_two_orders() {
        let found = subsets(&scores(&[0.2, 0.4, 0.3, 0.1]), &[]);
        assert_eq!(
            found,
            [
                layers(&[]),
                layers(&[3]),
                layers(&[3, 2]),
                layers(&[3, 0]),
                layers(&[3, 2, 1]),
                layers(&[3, 0, 2]),
                layers(&[3, 0, 2, 1]),
            ]
        );
        let three = subsets(&scores(&[0.2, 0.4, 0.3]), &[]);
        assert_eq!(three.len(), 8);
        assert_eq!(three[1..4], [layers(&[0]), layers(&[2]), layers(&[1])]);
    }

    /// Six modules with the lowest scores at the input: 2 + 5 + 5 candidates. Each removal costs 0.1, so the
    /// eight with the fewest modules are the best without fine-tuning, and all modules are tried besides.
    #[test]
    fn many_candidates_are_screened_without_fine_tuning() {
        let values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        let mut known = Known::new(&[0.1; 6], 0.0);
        let (removed, search) = run(&values, Select::OneSe, &[], 1, &mut known);
        assert!(removed.is_empty());
        assert_eq!((known.screened, known.finetuned), (12, 9));
        assert_eq!(search.screened.len(), 12);
        let sizes: Vec<usize> = search
            .trials
            .iter()
            .map(|trial| trial.removed.len())
            .collect();
        assert_eq!(sizes, [0, 1, 1, 2, 2, 3, 3, 4, 6]);
    }

    #[test]
    fn losses_that_are_not_finite_lose() {
        let mut known = Known::new(&[f64::NAN, 0.5], 0.0);
        let (removed, search) = run(&[0.1, 0.2], Select::OneSe, &[], 1, &mut known);
        assert!(removed.is_empty());
        let without_difference = search
            .trials
            .iter()
            .filter(|trial| trial.difference.is_none());
        assert_eq!(without_difference.count(), 2);

        // Not even the model with all modules is finite.
        let mut known = Known::new(&[0.1, 0.5], 0.0);
        known.windows = 0;
        let (removed, search) = run(&[0.1, 0.2], Select::Best, &[], 1, &mut known);
        assert!(removed.is_empty() && search.best().is_none());
        assert!(search.in_words(0, 2).contains("No candidate has a finite"));
        assert!(search.trials[0].accepted);

        let mut known = Known::new(&[0.1, 0.1, 0.1, 0.1, 0.1, f64::NAN], 0.0);
        let values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        let (_, search) = run(&values, Select::OneSe, &[], 1, &mut known);
        // Of six candidates with layer 5 only that which removes all and those that fill the eight are left.
        assert_eq!(search.trials.len(), 9);
    }

    #[test]
    fn neighbours_with_equal_errors_are_less_certain() {
        // Runs of seven equal signs: blocks of seven show an error that single windows hide.
        let alternating = |run: usize| -> Vec<f64> {
            let sign = |window: usize| {
                if (window / run).is_multiple_of(2) {
                    1.0
                } else {
                    -1.0
                }
            };
            (0..200).map(|window| 1.2 + sign(window)).collect()
        };
        let candidates = [
            Candidate::new(vec![1.0; 200], 100),
            Candidate::new(alternating(7), 90),
        ];
        let error = |block| differences(&candidates, block)[1].unwrap().error.unwrap();
        assert!(error(7) > 1.3 * error(1), "{} {}", error(7), error(1));
    }
}
