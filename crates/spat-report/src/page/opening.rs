//! Title, verdict and key figures.

use spat_spec::{ModelResult, Report, TIME_FEATURES, percent_change};

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
         <div class=\"verdict\">{}</div></header>{}",
        escape(&title(report)),
        escape(&setting),
        verdict(report).html(),
        figures(report),
    )
}

fn figures(report: &Report) -> String {
    let tile = |label: &str, of: fn(&ModelResult) -> f64, text: fn(f64) -> String| {
        let dense = of(&report.dense);
        let Some(pruned) = report.changed_model().map(of) else {
            return format!(
                "<div><dt>{label}</dt><dd><strong>{}</strong></dd></div>",
                text(dense)
            );
        };
        format!(
            "<div><dt>{label}</dt><dd><span class=\"from\">{} →</span> <strong>{}</strong>\
             <span class=\"change\">{}</span></dd></div>",
            text(dense),
            text(pruned),
            number::percent(percent_change(dense, pruned)),
        )
    };
    let short = |value: f64| number::short(value as u64);
    let tiles = [
        tile("MSE, test, scaled", |model| model.test.mse, number::error),
        tile("MAE, test, scaled", |model| model.test.mae, number::error),
        tile("Parameters", |model| model.params as f64, short),
        tile("MACs per window", |model| model.macs as f64, short),
        tile(
            "Training step, ms",
            |model| model.step_ms_median,
            number::millis,
        ),
        tile(
            "Inference per batch, ms",
            |model| model.infer_ms_median,
            number::millis,
        ),
    ];
    format!(
        "<dl class=\"figures\" aria-label=\"Key figures\">{}</dl>",
        tiles.concat()
    )
}
