//! The run's own forecast against naive forecasts, and against linear models.

use spat_series::PairedDifference;
use spat_spec::{LinearStanding, Report};

use super::difference::{
    OverallOutcome, called, comparison, errors, figures, own, too_few_windows,
};
use super::{Answer, AnswerMark};
use crate::{names, number, page::linear_in_words};

/// Better than the best naive forecast?
pub(super) fn naive(report: &Report) -> Answer {
    let question = "Better than a naive forecast?";
    let naive: Vec<&str> = report
        .baselines
        .keys()
        .map(String::as_str)
        .filter(|name| !report.linear_baselines.contains_key(*name))
        .collect();
    if naive.is_empty() {
        return unknown(question, "No naive forecast was made.".to_owned());
    }
    let baselines = best_baselines(report, &naive);
    let (mark, text) = match overall(&baselines) {
        OverallOutcome::Better => (AnswerMark::Yes, "Yes."),
        OverallOutcome::Close => (AnswerMark::Close, close(&baselines)),
        OverallOutcome::Mixed => (AnswerMark::Close, "It depends on the metric."),
        OverallOutcome::Worse => (AnswerMark::No, "No."),
        OverallOutcome::Unknown => return unknown(question, too_few_windows(report)),
    };
    Answer {
        question,
        mark,
        text: text.to_owned(),
        details: differences_text(report, &baselines),
    }
}

/// Better than the best linear model?
pub(super) fn linear(report: &Report) -> Answer {
    let question = "Better than a linear model?";
    let linear: Vec<&str> = report.linear_baselines.keys().map(String::as_str).collect();
    if linear.is_empty() {
        return unknown(
            question,
            "No linear model was trained beside this one.".to_owned(),
        );
    }
    let baselines = best_baselines(report, &linear);
    let baseline = baselines.first().and_then(|baseline| {
        let linear = report.linear_baselines.get(baseline.name)?;
        let params = number::plural(linear.params as usize, "parameter");
        Some(format!(" {} has {params}.", names::baseline(baseline.name)))
    });
    let baseline = baseline.unwrap_or_default();
    let (mark, text) = match overall(&baselines) {
        OverallOutcome::Better => (AnswerMark::Yes, "Yes.".to_owned()),
        OverallOutcome::Close => (AnswerMark::Close, close(&baselines).to_owned() + &baseline),
        OverallOutcome::Mixed => (
            AnswerMark::Close,
            "It depends on the metric.".to_owned() + &baseline,
        ),
        OverallOutcome::Worse => (AnswerMark::No, "No.".to_owned() + &baseline),
        OverallOutcome::Unknown => return unknown(question, too_few_windows(report)),
    };
    Answer {
        question,
        mark,
        text,
        details: differences_text(report, &baselines) + &on_validation(report),
    }
}

/// How the linear models compare on the validation windows of a selection, where they are at most one standard error
/// worse; empty otherwise.
fn on_validation(report: &Report) -> String {
    let search = report.plan.search.as_ref();
    search
        .filter(|search| {
            let mut linear = search.linear.iter();
            linear.any(|model| model.standing() != LinearStanding::Higher)
        })
        .and_then(linear_in_words)
        .map_or_else(String::new, |words| format!(" {words}"))
}

/// The answer where no metric differs beyond its interval.
fn close(baselines: &[BestBaseline<'_>]) -> &'static str {
    let lower = baselines
        .iter()
        .filter(|baseline| baseline.difference.percent < 0.0);
    match lower.count() {
        0 => "That is not shown: its errors are higher, by less than the test windows vary.",
        all if all == baselines.len() => {
            "Not clearly: its errors are lower, by less than the test windows vary."
        }
        _ => "No difference is shown.",
    }
}

fn unknown(question: &'static str, text: String) -> Answer {
    Answer {
        question,
        mark: AnswerMark::Unknown,
        text,
        details: String::new(),
    }
}

/// A metric with the baseline that has the lowest error by it, and the difference of the own forecast against
/// that.
struct BestBaseline<'a> {
    metric: &'static str,
    name: &'a str,
    difference: PairedDifference,
}

/// The best of `names` by each metric.
fn best_baselines<'a>(report: &Report, names: &[&'a str]) -> Vec<BestBaseline<'a>> {
    let own = own(report);
    ["MSE", "MAE", "MASE"]
        .into_iter()
        .filter_map(|metric| {
            let finite = names.iter().filter_map(|&name| {
                let error = errors(report, name)
                    .of(metric)
                    .filter(|error| error.is_finite())?;
                Some((name, error))
            });
            let (name, _) = finite.min_by(|a, b| a.1.total_cmp(&b.1))?;
            let differences = comparison(report, own, name);
            let (_, difference) = differences.metrics().find(|(known, _)| *known == metric)?;
            Some(BestBaseline {
                metric,
                name,
                difference,
            })
        })
        .collect()
}

fn overall(baselines: &[BestBaseline<'_>]) -> OverallOutcome {
    OverallOutcome::of(
        baselines
            .iter()
            .map(|baseline| baseline.difference.outcome()),
    )
}

/// "Against RLinear: MSE −3.1 % (…), MAE −1.0 % (…); against DLinear: MASE …".
fn differences_text(report: &Report, baselines: &[BestBaseline<'_>]) -> String {
    let mut text = String::new();
    let mut last = "";
    for baseline in baselines {
        if baseline.name == last {
            text += ", ";
        } else {
            let start = if last.is_empty() {
                "Against"
            } else {
                "; against"
            };
            text += &format!("{start} {}: ", called(report, baseline.name));
            last = baseline.name;
        }
        text += &figures(baseline.metric, &baseline.difference);
    }
    format!("{text}.")
}
