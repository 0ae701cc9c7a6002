//! Which forecast to use.

use spat_series::Outcome;
use spat_spec::{DENSE, DENSE_FINETUNED, PRUNED, Report};

use super::difference::{comparison, errors};
use crate::{names, number};

/// A forecast that could be used, with its size.
struct Candidate<'a> {
    name: &'a str,
    params: u64,
    mse: f64,
}

/// The smallest forecast that is within one standard error of the best, and not worse than another beyond the
/// intervals, in one sentence.
pub(super) fn headline(report: &Report) -> String {
    let mut candidates = candidates(report);
    candidates.retain(|candidate| candidate.mse.is_finite());
    // Of equal sizes the better one.
    candidates.sort_by(|a, b| a.params.cmp(&b.params).then(a.mse.total_cmp(&b.mse)));
    let Some(best) = candidates.iter().min_by(|a, b| a.mse.total_cmp(&b.mse)) else {
        return String::new();
    };
    let to = |candidate: &Candidate<'_>, other: &Candidate<'_>| {
        comparison(report, candidate.name, other.name)
    };
    let others = |one: &Candidate<'_>| {
        let name = one.name.to_owned();
        candidates.iter().filter(move |other| other.name != name)
    };
    if others(best).any(|other| to(other, best).mse.interval.is_none()) {
        return format!(
            "The lowest test error has {} (MSE {}).",
            described(report, best),
            number::error(best.mse),
        );
    }
    let is_as_good = |candidate: &Candidate<'_>| {
        let mse = to(candidate, best).mse;
        let is_near = mse
            .standard_error()
            .is_some_and(|error| mse.percent <= error);
        let is_worse = |other: &Candidate<'_>| {
            let differences = to(candidate, other);
            [differences.mse, differences.mae]
                .iter()
                .any(|difference| difference.outcome() == Outcome::Worse)
        };
        candidate.name == best.name || is_near && !others(candidate).any(is_worse)
    };
    let chosen = candidates
        .iter()
        .find(|candidate| is_as_good(candidate))
        .unwrap_or(best);
    let sentence = names::capital(&described(report, chosen));
    let figure = number::error(chosen.mse);
    if chosen.name != best.name {
        return format!(
            "{sentence} is the smallest forecast within one standard error of the best (test MSE {figure}; {} has {}).",
            short(report, best.name),
            number::error(best.mse),
        );
    }
    let smaller = if chosen.params == 0 || !others(best).any(|other| other.params < best.params) {
        ""
    } else {
        ", and no smaller one is within one standard error of it"
    };
    format!("{sentence} has the lowest error here (test MSE {figure}){smaller}.")
}

/// The models, the dense one after its further training too, and the baselines.
fn candidates(report: &Report) -> Vec<Candidate<'_>> {
    let linear = &report.linear_baselines;
    let baselines = report.baselines.keys().map(|name| {
        (
            name.as_str(),
            linear.get(name).map_or(0, |linear| linear.params),
        )
    });
    let dense = (DENSE, report.dense.params);
    let longer = report
        .controls
        .contains_key(DENSE_FINETUNED)
        .then_some((DENSE_FINETUNED, report.dense.params));
    let pruned = report.changed_model().map(|pruned| (PRUNED, pruned.params));
    baselines
        .chain([dense])
        .chain(longer)
        .chain(pruned)
        .map(|(name, params)| Candidate {
            name,
            params,
            mse: errors(report, name).mse,
        })
        .collect()
}

fn short(report: &Report, name: &str) -> String {
    let model = report.experiment.forecaster.name();
    match name {
        DENSE if report.changed_model().is_some() => format!("the dense {model}"),
        DENSE => model.to_owned(),
        PRUNED => format!("the pruned {model}"),
        DENSE_FINETUNED => format!("the dense {model}, trained on for as long as the pruned one,"),
        _ => names::baseline(name),
    }
}

fn described(report: &Report, candidate: &Candidate<'_>) -> String {
    let name = short(report, candidate.name);
    let params = number::plural(candidate.params as usize, "parameter");
    match candidate.name {
        DENSE | PRUNED | DENSE_FINETUNED => format!("{name} with {params}"),
        _ if candidate.params == 0 => format!("{name}, which needs no training,"),
        _ => format!("{name}, a linear model with {params},"),
    }
}
