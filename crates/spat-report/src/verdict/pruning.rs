//! Whether the removal is worth it.

use spat_series::{Outcome, PairedDifference};
use spat_spec::{DENSE, DENSE_FINETUNED, PRUNED, Report};

use super::difference::{comparison, figures, too_few_windows};
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
        };
    };
    let finetuned = report.pruned.epochs > 0;
    let has_control = finetuned && report.controls.contains_key(DENSE_FINETUNED);
    let to_dense = comparison(report, PRUNED, DENSE).mse;
    let to_control = has_control.then(|| comparison(report, PRUNED, DENSE_FINETUNED).mse);
    // A person would keep the better of the two dense models.
    let decisive = match to_control {
        Some(control) if control.percent > to_dense.percent => control,
        _ => to_dense,
    };
    let mark = match decisive.outcome() {
        Outcome::Better => AnswerMark::Yes,
        Outcome::Same if is_tolerable(&decisive) => AnswerMark::Yes,
        Outcome::Same => AnswerMark::Close,
        Outcome::Worse => AnswerMark::No,
        Outcome::Unknown => AnswerMark::Unknown,
    };
    let mut text = format!("Without {removed}, {}; ", saving(report));
    if let Some(control) = to_control {
        text += &format!(
            "{} against the dense model trained on for as long, {} against it before that.",
            figures("MSE", &control),
            figures("MSE", &to_dense)
        );
    } else {
        text += &format!("{} against the dense model.", figures("MSE", &to_dense));
    }
    let gained = has_control && to_dense.outcome() == Outcome::Better;
    text += &match decisive.outcome() {
        Outcome::Unknown => format!(" {}", too_few_windows(report)),
        Outcome::Same if gained => " The gain is extra training, not pruning.".to_owned(),
        Outcome::Worse if gained => {
            " The gain is extra training, and the removal costs accuracy.".to_owned()
        }
        Outcome::Same if mark == AnswerMark::Close => {
            " The test windows do not show whether the error rises.".to_owned()
        }
        Outcome::Worse => " For accuracy it is not worth it.".to_owned(),
        _ => String::new(),
    };
    if has_control && control_is_worse(report) {
        let control = comparison(report, DENSE_FINETUNED, DENSE).mse;
        text += &format!(
            " Training on made the dense model worse, {}.",
            figures("MSE", &control)
        );
    }
    if finetuned && !has_control {
        text += " There is no control, so the effect of the extra training is not known.";
    }
    Answer {
        question,
        mark,
        text,
    }
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
