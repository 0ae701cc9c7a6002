//! Errors and costs of the dense and the pruned model, the controls and the baselines.

use spat_series::MetricSet;
use spat_spec::{MeanErrors, Report, percent_change};

use super::{aside, before_finetune, finetuned, section as wrap};
use crate::{costs::costs, names, number, table::Table};

pub(super) fn section(report: &Report) -> String {
    let mut body = errors(report);
    if report.controls.is_empty() && finetuned(report) {
        body += &aside(
            "There is no control. Without the dense model trained for as long, a gain cannot be distinguished from extra training.",
        );
    }
    body += &measures(report);
    body += &cost(report);
    body += &scoring(report);
    wrap("comparison", "Comparison and cost", &body)
}

fn errors(report: &Report) -> String {
    let dense = report.dense.test.mse;
    let mut table = Table::new(
        "Test errors in scaled space, all windows",
        [
            "",
            "MSE",
            "MSE against dense",
            "MAE",
            "Validation MSE",
            "Epochs",
        ],
    );
    let mut row = |name: String, test: MeanErrors, val: Option<f64>, epochs: Option<usize>| {
        let change = match table.is_empty() {
            true => String::new(),
            false => number::percent(percent_change(dense, test.mse)),
        };
        table.row([
            name,
            number::error(test.mse),
            change,
            number::error(test.mae),
            val.map_or_else(String::new, number::error),
            epochs.map_or_else(String::new, |epochs| number::count(epochs as u64)),
        ]);
    };
    let of = |result: &spat_spec::ModelResult| MeanErrors {
        mse: result.test.mse,
        mae: result.test.mae,
    };
    row(
        names::capital(&names::dense(report)),
        of(&report.dense),
        Some(report.dense.val.mse),
        Some(report.dense.epochs),
    );
    if let Some(before) = before_finetune(report) {
        row("Pruned, before fine-tuning".to_owned(), before, None, None);
    }
    if let Some(pruned) = report.changed_model() {
        row(
            names::capital(names::pruned(report)),
            of(pruned),
            Some(pruned.val.mse),
            Some(pruned.epochs),
        );
    }
    for (name, control) in &report.controls {
        row(
            format!("Control, {}", names::control(name)),
            control.test,
            Some(control.val.mse),
            Some(control.epochs),
        );
    }
    for (name, metrics) in &report.baselines {
        let test = MeanErrors {
            mse: metrics.scaled.mse,
            mae: metrics.scaled.mae,
        };
        let linear = report.linear_baselines.get(name);
        row(
            format!("Baseline, {}", names::baseline(name)),
            test,
            linear.map(|linear| linear.val.mse),
            linear.map(|linear| linear.epochs),
        );
    }
    table.html()
}

/// Every metric of the two models and the baselines.
fn measures(report: &Report) -> String {
    let mut table = Table::new(
        "All measures on the test windows",
        ["", "MSE", "MAE", "RMSE", "MAE", "RMSE", "sMAPE", "MASE"],
    )
    .groups(&[("", 1), ("Scaled", 3), ("Original units", 4)]);
    let dense = (
        names::capital(&names::dense(report)),
        &report.dense.test.full,
    );
    let pruned = report
        .changed_model()
        .map(|pruned| ("Pruned".to_owned(), &pruned.test.full));
    let baselines = report
        .baselines
        .iter()
        .map(|(name, metrics)| (names::capital(&names::baseline(name)), metrics));
    for (name, metrics) in [dense].into_iter().chain(pruned).chain(baselines) {
        let original = |of: fn(&MetricSet) -> Option<f64>| {
            metrics
                .original
                .as_ref()
                .and_then(of)
                .map_or_else(|| number::NONE.to_owned(), number::value)
        };
        table.row([
            name,
            number::error(metrics.scaled.mse),
            number::error(metrics.scaled.mae),
            number::error(metrics.scaled.rmse),
            original(|set| Some(set.mae)),
            original(|set| Some(set.rmse)),
            original(|set| set.smape),
            original(|set| set.mase),
        ]);
    }
    let note = aside(
        "In original units channels are averaged without regard to their units. sMAPE is in per cent. \
                      A MASE below 1 beats the seasonal naive forecast inside the training rows.",
    );
    format!(
        "<details><summary>All measures</summary>{}{note}</details>",
        table.html()
    )
}

fn cost(report: &Report) -> String {
    let device = &report.device;
    let threads = if device.threads > 0 {
        format!(", {}", number::plural(device.threads, "thread"))
    } else {
        String::new()
    };
    costs(report).html()
        + &aside(&format!(
            "One MAC is a multiplication and an addition, two FLOPs; only matrix products are counted. Times were \
             measured on {} ({}{threads}) and hold for it alone.",
            device.name,
            device.kind.to_uppercase(),
        ))
}

fn scoring(report: &Report) -> String {
    let cost = &report.scoring;
    // Both are 0 if nothing was scored during training.
    if !(cost.step_ms_with > 0.0 && cost.step_ms_without > 0.0) {
        return String::new();
    }
    aside(&format!(
        "With scoring, a training step of the dense model took {} ms instead of {} ms ({}).",
        number::millis(cost.step_ms_with),
        number::millis(cost.step_ms_without),
        number::percent(percent_change(cost.step_ms_without, cost.step_ms_with)),
    ))
}
