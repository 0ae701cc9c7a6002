//! Whether the removal is worth it.

use spat_series::{Outcome, PairedDifference};
use spat_spec::{Comparison, DENSE, DENSE_FINETUNED, PRUNED, Report};

use super::difference::{OverallOutcome, comparison, figures, too_few_windows};
use super::{Answer, AnswerMark};
use crate::number;

/// The increase of the error, in percent, that an interval may contain while the error still counts as no
/// higher.
const TOLERABLE: f64 = 2.0;

pub(super) fn pruning(report: &Report) -> Answer {
    let question = "Worth pruning?";
    let Some(removed) = removed(report) else {
        return Answer {
            question,
            mark: AnswerMark::Unknown,
            text: format!("Nothing was removed{}.", why_nothing(report)),
            details: String::new(),
        };
    };
    let finetuned = report.pruned.epochs > 0;
    let has_control = finetuned && report.controls.contains_key(DENSE_FINETUNED);
    let to_dense = comparison(report, PRUNED, DENSE);
    let to_control = has_control.then(|| comparison(report, PRUNED, DENSE_FINETUNED));
    // A person would keep the better of the two dense models.
    let decisive = match &to_control {
        Some(control) if control.mse.percent > to_dense.mse.percent => control,
        _ => &to_dense,
    };
    let both = [decisive.mse, decisive.mae];
    let overall = OverallOutcome::of(both.iter().map(PairedDifference::outcome));
    let (mark, text) = match overall {
        OverallOutcome::Better => (AnswerMark::Yes, "Yes, and the error falls.".to_owned()),
        OverallOutcome::Close if both.iter().all(is_tolerable) => (
            AnswerMark::Yes,
            format!("Yes, the error is at most {TOLERABLE:.0} % higher."),
        ),
        OverallOutcome::Close => (
            AnswerMark::Close,
            "Not clear: the test windows do not show whether the error rises.".to_owned(),
        ),
        OverallOutcome::Mixed => (AnswerMark::Close, "It depends on the metric.".to_owned()),
        OverallOutcome::Worse => (AnswerMark::No, "No, the error rises.".to_owned()),
        OverallOutcome::Unknown => (AnswerMark::Unknown, too_few_windows(report)),
    };
    let mut details = format!("Without {removed}, {}; ", saving(report));
    if let Some(control) = &to_control {
        details += &format!(
            "{} against the dense model trained on for as long, {} against it before that.",
            both_figures(control),
            both_figures(&to_dense)
        );
    } else {
        details += &format!("{} against the dense model.", both_figures(&to_dense));
    }
    let gains = |comparison: &Comparison| comparison.mse.outcome() == Outcome::Better;
    if to_control.as_ref().is_some_and(|control| !gains(control)) && gains(&to_dense) {
        details += " The gain in MSE is extra training, not pruning.";
    }
    if has_control && control_is_worse(report) {
        let control = comparison(report, DENSE_FINETUNED, DENSE);
        details += &format!(
            " Training on made the dense model worse, {}.",
            figures("MSE", &control.mse)
        );
    }
    if finetuned && !has_control {
        details += " There is no control, so the effect of the extra training is not known.";
    }
    Answer {
        question,
        mark,
        text,
        details,
    }
}

fn both_figures(comparison: &Comparison) -> String {
    format!(
        "{}, {}",
        figures("MSE", &comparison.mse),
        figures("MAE", &comparison.mae)
    )
}

fn is_tolerable(difference: &PairedDifference) -> bool {
    difference
        .interval
        .is_some_and(|(_, high)| high <= TOLERABLE)
}

fn control_is_worse(report: &Report) -> bool {
    comparison(report, DENSE_FINETUNED, DENSE).mse.outcome() == Outcome::Worse
}

/// The removed modules; `None` if nothing was removed.
fn removed(report: &Report) -> Option<String> {
    let plan = &report.plan;
    let modules = (!plan.removed.is_empty()).then(|| {
        let all = report.dense.structure.attention.len();
        format!(
            "{} of its {}",
            plan.removed.len(),
            number::plural(all, "attention module")
        )
    });
    let heads: usize = plan
        .removed_heads
        .iter()
        .map(|removal| removal.heads.len())
        .sum();
    let heads = (heads > 0).then(|| number::plural(heads, "attention head"));
    match (modules, heads) {
        (Some(modules), Some(heads)) => Some(format!("{modules} and {heads} more")),
        (modules, heads) => modules.or(heads),
    }
}

fn why_nothing(report: &Report) -> String {
    let modules = report.dense.structure.attention.len();
    if modules == 0 {
        return format!(
            ": {} has no attention modules",
            report.experiment.forecaster.name()
        );
    }
    if let Some(search) = &report.plan.search {
        let cost = number::plural(search.cost(), "fine-tuning");
        return if search.select.is_elimination() {
            format!(": no removal passed validation in {cost}")
        } else if search.trials.is_empty() {
            ": no module may be removed".to_owned()
        } else {
            format!(": the validation error chose to keep all modules, after {cost}")
        };
    }
    format!(
        ": a ratio of {} removes none of {}",
        report.plan.ratio,
        number::plural(modules, "module")
    )
}

fn saving(report: &Report) -> String {
    format!(
        "{} parameters and {} multiply–accumulates",
        number::percent(report.change.params_percent),
        number::percent(report.change.macs_percent),
    )
}
