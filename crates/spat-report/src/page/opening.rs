//! Title, verdict and key figures.

use spat_spec::{Report, TIME_FEATURES};

use crate::{escape::escape, number, verdict::verdict};

pub(super) fn title(report: &Report) -> String {
    format!(
        "{} on {}",
        report.experiment.forecaster.name(),
        report.data.name
    )
}

pub(super) fn section(report: &Report) -> String {
    let forecaster = &report.experiment.forecaster;
    let timestamps = if forecaster.inputs().time_features {
        format!(" and {TIME_FEATURES} time features")
    } else {
        String::new()
    };
    let setting = format!(
        "{} in, {} out, {}{timestamps}, {}. Scaled errors are over all {}.",
        number::plural(forecaster.lookback(), "row"),
        number::count(forecaster.horizon() as u64),
        number::plural(report.data.channels, "channel"),
        number::plural(forecaster.layers(), "layer"),
        number::plural(report.data.windows.test, "test window"),
    );
    format!(
        "<header><p class=\"kicker\">Attention pruning report</p><h1>{}</h1><p class=\"setting\">{}</p>\
         <p class=\"verdict\">{}</p></header>{}",
        escape(&title(report)),
        escape(&setting),
        escape(&verdict(report)),
        figures(report),
    )
}

fn figures(report: &Report) -> String {
    let (dense, pruned, change) = (&report.dense, &report.pruned, &report.change);
    let figures = [
        (
            "MSE, test, scaled",
            number::error(dense.test.mse),
            number::error(pruned.test.mse),
            change.mse_percent,
        ),
        (
            "MAE, test, scaled",
            number::error(dense.test.mae),
            number::error(pruned.test.mae),
            change.mae_percent,
        ),
        (
            "Parameters",
            number::short(dense.params),
            number::short(pruned.params),
            change.params_percent,
        ),
        (
            "MACs per window",
            number::short(dense.macs),
            number::short(pruned.macs),
            change.macs_percent,
        ),
        (
            "Training step, ms",
            number::millis(dense.step_ms_median),
            number::millis(pruned.step_ms_median),
            change.step_time_percent,
        ),
        (
            "Inference per batch, ms",
            number::millis(dense.infer_ms_median),
            number::millis(pruned.infer_ms_median),
            change.infer_time_percent,
        ),
    ];
    let tiles: String = figures
        .into_iter()
        .map(|(label, from, to, change)| {
            format!(
                "<div><dt>{label}</dt><dd><span class=\"from\">{from} →</span> <strong>{to}</strong>\
                 <span class=\"change\">{}</span></dd></div>",
                number::percent(change)
            )
        })
        .collect();
    format!("<dl class=\"figures\" aria-label=\"Key figures, dense to pruned\">{tiles}</dl>")
}
