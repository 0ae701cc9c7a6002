//! The smallest forecast that is as good as any.

use spat_series::Outcome;
use spat_spec::{DENSE, PRUNED, Report};

use super::difference::{comparison, errors, too_few_windows};
use crate::{names, number};

/// A forecast that could be used, with its size.
struct Candidate<'a> {
    name: &'a str,
    params: u64,
}

/// The smallest forecast whose errors are not higher than those of the best beyond the intervals, in one
/// sentence.
pub(super) fn headline(report: &Report) -> String {
    let mut candidates = candidates(report);
    // Of equal sizes the first by name is taken, since the baselines are in alphabetical order.
    candidates.sort_by_key(|candidate| candidate.params);
    let finite = candidates
        .iter()
        .filter(|candidate| errors(report, candidate.name).mse.is_finite());
    let Some(best) = finite.min_by(|a, b| {
        errors(report, a.name)
            .mse
            .total_cmp(&errors(report, b.name).mse)
    }) else {
        return String::new();
    };
    let outcomes = |candidate: &Candidate<'_>| {
        let differences = comparison(report, candidate.name, best.name);
        [differences.mse.outcome(), differences.mae.outcome()]
    };
    let others = || {
        candidates
            .iter()
            .filter(|candidate| candidate.name != best.name)
    };
    let is_unknown = |candidate: &Candidate<'_>| outcomes(candidate).contains(&Outcome::Unknown);
    if others().any(is_unknown) {
        return format!(
            "The lowest test error has {} (MSE {}). {}",
            described(report, best),
            number::error(errors(report, best.name).mse),
            too_few_windows(report)
        );
    }
    let as_good = |candidate: &Candidate<'_>| {
        candidate.name == best.name || !outcomes(candidate).contains(&Outcome::Worse)
    };
    let chosen = candidates
        .iter()
        .find(|candidate| as_good(candidate))
        .unwrap_or(best);
    let alone = !others().any(as_good);
    let figure = number::error(errors(report, chosen.name).mse);
    let sentence = crate::names::capital(&described(report, chosen));
    if chosen.name == best.name && alone {
        format!("{sentence} forecasts best here (test MSE {figure}).")
    } else if chosen.name == best.name {
        format!(
            "{sentence} forecasts best here (test MSE {figure}), and no smaller one is as good."
        )
    } else {
        format!(
            "{sentence} forecasts as well as any here (test MSE {figure}; the lowest is {} of {}).",
            number::error(errors(report, best.name).mse),
            short(report, best.name),
        )
    }
}

fn candidates(report: &Report) -> Vec<Candidate<'_>> {
    let baselines = report.baselines.keys().map(|name| Candidate {
        name,
        params: report
            .linear_baselines
            .get(name)
            .map_or(0, |linear| linear.params),
    });
    let dense = Candidate {
        name: DENSE,
        params: report.dense.params,
    };
    let pruned = report.changed_model().map(|pruned| Candidate {
        name: PRUNED,
        params: pruned.params,
    });
    baselines.chain([dense]).chain(pruned).collect()
}

fn short(report: &Report, name: &str) -> String {
    let model = report.experiment.forecaster.name();
    match name {
        DENSE if report.changed_model().is_some() => format!("the dense {model}"),
        DENSE => model.to_owned(),
        PRUNED => format!("the pruned {model}"),
        _ => names::baseline(name),
    }
}

fn described(report: &Report, candidate: &Candidate<'_>) -> String {
    let name = short(report, candidate.name);
    let params = number::plural(candidate.params as usize, "parameter");
    match candidate.name {
        DENSE | PRUNED => format!("{name} with {params}"),
        _ if candidate.params == 0 => format!("{name}, which needs no training,"),
        _ => format!("{name}, a linear model with {params},"),
    }
}
