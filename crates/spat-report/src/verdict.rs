//! The result of a run in one sentence.

use spat_spec::{Report, percent_change};

use crate::{names, number};

/// Differences below this many percent count as equal: two seeds of the same small model on the same data
/// differ by as much.
const NOISE_PERCENT: f64 = 1.0;

/// The share of a gain that extra training must reach to explain it.
const AS_MUCH: f64 = 0.8;

/// One sentence about the run: the savings, the change of the test error, whether extra training alone
/// improves the dense model as much, and whether a forecast without attention is better than both.
pub fn verdict(report: &Report) -> String {
    let (dense, pruned) = (report.dense.test.mse, report.pruned.test.mse);
    for (name, mse) in [("dense", dense), ("pruned", pruned)] {
        if !mse.is_finite() {
            return format!(
                "The test error of the {name} model is not a number, so nothing can be compared; \
                 lower the learning rate or clip the gradients and run again."
            );
        }
    }
    let Some(removed) = removed(report) else {
        return format!(
            "Nothing was removed{}, so the run is no evidence about pruning; the {} model has a test MSE \
             of {}{}; one seed ({}), so differences below about 1 % are not meaningful.",
            why_nothing(report),
            report.experiment.forecaster.name(),
            number::error(dense),
            baseline(report, &[dense]),
            report.seed,
        );
    };
    format!(
        "Without {removed}, the model {}{}{}; one seed ({}), so differences below about 1 % are not meaningful.",
        saving(report),
        accuracy(report, dense, pruned),
        baseline(report, &[dense, pruned]),
        report.seed,
    )
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
            " ({} has no attention modules)",
            report.experiment.forecaster.name()
        );
    }
    if let Some(search) = &report.plan.search {
        return format!(
            " (no removal passed validation in {})",
            number::plural(search.cost(), "fine-tuning")
        );
    }
    format!(
        " (a ratio of {} removes none of {})",
        report.plan.ratio,
        number::plural(modules, "module")
    )
}

fn saving(report: &Report) -> String {
    let fewer = |change: f64| if change > 0.0 { "more" } else { "fewer" };
    let (params, macs) = (report.change.params_percent, report.change.macs_percent);
    format!(
        "needs {} {} parameters and {} {} multiply–accumulates",
        number::share(params),
        fewer(params),
        number::share(macs),
        fewer(macs),
    )
}

/// The change of the error, and what the control shows about it.
fn accuracy(report: &Report, dense: f64, pruned: f64) -> String {
    let change = percent_change(dense, pruned);
    let (from, to) = (number::error(dense), number::error(pruned));
    let control = report
        .controls
        .get("dense_finetuned")
        .map(|control| control.test.mse)
        // Fine-tuned for no epoch, the control is the dense model itself.
        .filter(|mse| mse.is_finite() && report.pruned.epochs > 0);
    if change.abs() < NOISE_PERCENT {
        return format!(
            " and its test MSE stays about the same ({from} → {to}){}",
            when_same(report, pruned, control)
        );
    }
    if change < 0.0 {
        let gain = when_better(report, dense, pruned, control);
        return format!(
            " and its test MSE falls by {} ({from} → {to}){gain}",
            number::share(change)
        );
    }
    let loss = when_worse(pruned, control);
    format!(
        " but its test MSE rises by {} ({from} → {to}){loss}",
        number::share(change)
    )
}

fn when_same(report: &Report, pruned: f64, control: Option<f64>) -> String {
    match control {
        Some(control) if percent_change(control, pruned) > NOISE_PERCENT => format!(
            ", but the dense model trained on for as long is better ({}), so the removal costs {} of error",
            number::error(control),
            number::share(percent_change(control, pruned)),
        ),
        Some(control) => format!(
            ", as does the dense model trained on for as long ({}), so the saving has no clear price",
            number::error(control)
        ),
        None => unknown(
            report,
            ", and whether the dense model would have gained from as much training is not known",
        ),
    }
}

fn when_better(report: &Report, dense: f64, pruned: f64, control: Option<f64>) -> String {
    let Some(control) = control else {
        return unknown(
            report,
            ", but without the dense model trained on for as long the gain cannot be distinguished from extra training",
        );
    };
    let figure = number::error(control);
    let explained = (dense - control) / (dense - pruned);
    let gap = percent_change(control, pruned);
    if gap > NOISE_PERCENT {
        format!(
            ", but the dense model trained on for as long is better still ({figure}), so the gain is extra training, not pruning"
        )
    } else if explained >= AS_MUCH {
        format!(
            ", but the dense model trained on for as long gains as much ({figure}), so the gain is extra training, not pruning"
        )
    } else if gap > -NOISE_PERCENT {
        format!(
            ", but the dense model trained on for as long is too close ({figure}) to distinguish the gain from extra training"
        )
    } else if explained > 1.0 - AS_MUCH {
        format!(
            ", of which extra training alone explains about {:.0} % (the dense model trained on for as long has {figure})",
            explained * 100.0
        )
    } else {
        format!(
            ", which extra training alone does not explain (the dense model trained on for as long has {figure})"
        )
    }
}

fn when_worse(pruned: f64, control: Option<f64>) -> String {
    match control {
        Some(control) if percent_change(control, pruned) < NOISE_PERCENT => format!(
            ", and that of the dense model trained on for as long rises too ({}), so the extra training did it, not the \
             removal",
            number::error(control)
        ),
        Some(control) => format!(
            " while the dense model trained on for as long has {}, so for accuracy the removal is not worth it",
            number::error(control)
        ),
        None => ", so for accuracy the removal is not worth it".to_owned(),
    }
}

/// A missing control matters only if the pruned model was fine-tuned.
fn unknown(report: &Report, words: &str) -> String {
    if report.pruned.epochs == 0 {
        ", without any fine-tuning".to_owned()
    } else {
        words.to_owned()
    }
}

/// Whether the best baseline is better than some of `models` (dense first).
fn baseline(report: &Report, models: &[f64]) -> String {
    let best = report
        .baselines
        .iter()
        .map(|(name, metrics)| (name, metrics.scaled.mse))
        .filter(|(_, mse)| mse.is_finite())
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((name, mse)) = best else {
        return String::new();
    };
    let beaten: Vec<bool> = models.iter().map(|&model| mse < model).collect();
    let what = format!(
        "; the baseline {} ({})",
        names::baseline(name),
        number::error(mse)
    );
    match beaten.as_slice() {
        [true, true] => {
            format!("{what} beats both, so neither model is worth its cost on these data")
        }
        [true] => format!("{what} beats it, so the model is not worth its cost on these data"),
        [true, false] => format!("{what} beats the dense model but not the pruned one"),
        [false, true] => format!("{what} beats the pruned model but not the dense one"),
        _ => String::new(),
    }
}
