//! The run's own forecast against naive forecasts, and against linear models.

use spat_series::PairedDifference;
use spat_spec::Report;

use super::difference::{
    Judgement, called, comparison, errors, figures, judge, own, too_few_windows,
};
use super::{Answer, AnswerMark};
use crate::{names, number};

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
    let rivals = best_rivals(report, &naive);
    let (mark, text) = match judgement(&rivals) {
        Judgement::Better => (AnswerMark::Yes, "Yes."),
        Judgement::Close => (AnswerMark::Close, close(&rivals)),
        Judgement::Mixed => (AnswerMark::Close, "It depends on the metric."),
        Judgement::Worse => (AnswerMark::No, "No."),
        Judgement::Unknown => return unknown(question, too_few_windows(report)),
    };
    Answer {
        question,
        mark,
        text: text.to_owned(),
        details: rivals_text(report, &rivals),
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
    let rivals = best_rivals(report, &linear);
    let rival = rivals.first().and_then(|rival| {
        let linear = report.linear_baselines.get(rival.name)?;
        let params = number::plural(linear.params as usize, "parameter");
        Some(format!(" {} has {params}.", names::baseline(rival.name)))
    });
    let rival = rival.unwrap_or_default();
    let (mark, text) = match judgement(&rivals) {
        Judgement::Better => (AnswerMark::Yes, "Yes.".to_owned()),
        Judgement::Close => (AnswerMark::Close, close(&rivals).to_owned() + &rival),
        Judgement::Mixed => (
            AnswerMark::Close,
            "It depends on the metric.".to_owned() + &rival,
        ),
        Judgement::Worse => (AnswerMark::No, "No.".to_owned() + &rival),
        Judgement::Unknown => return unknown(question, too_few_windows(report)),
    };
    Answer {
        question,
        mark,
        text,
        details: rivals_text(report, &rivals),
    }
}

/// The answer where no metric differs beyond its interval.
fn close(rivals: &[Rival<'_>]) -> &'static str {
    let lower = rivals.iter().filter(|rival| rival.difference.percent < 0.0);
    match lower.count() {
        0 => "That is not shown: its errors are higher, by less than the test windows vary.",
        all if all == rivals.len() => {
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

/// A metric with the rival that has the lowest error by it, and the difference of the own forecast against
/// that.
struct Rival<'a> {
    metric: &'static str,
    name: &'a str,
    difference: PairedDifference,
}

/// The best of `names` by each metric.
fn best_rivals<'a>(report: &Report, names: &[&'a str]) -> Vec<Rival<'a>> {
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
            Some(Rival {
                metric,
                name,
                difference,
            })
        })
        .collect()
}

fn judgement(rivals: &[Rival<'_>]) -> Judgement {
    judge(rivals.iter().map(|rival| rival.difference.outcome()))
}

/// "Against RLinear: MSE −3.1 % (…), MAE −1.0 % (…); against DLinear: MASE …".
fn rivals_text(report: &Report, rivals: &[Rival<'_>]) -> String {
    let mut text = String::new();
    let mut last = "";
    for rival in rivals {
        if rival.name == last {
            text += ", ";
        } else {
            let start = if last.is_empty() {
                "Against"
            } else {
                "; against"
            };
            text += &format!("{start} {}: ", called(report, rival.name));
            last = rival.name;
        }
        text += &figures(rival.metric, &rival.difference);
    }
    format!("{text}.")
}
