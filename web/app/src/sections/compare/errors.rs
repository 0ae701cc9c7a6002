//! Errors over all test windows.

use leptos::prelude::*;
use spat_report::{Table, baseline_name, dense_name};
use spat_series::{MetricSet, Metrics};
use spat_spec::{MeanErrors, Report};

use super::model_names;
use crate::state::Page;

/// The table of errors.
#[component]
pub(super) fn Errors() -> impl IntoView {
    let page = Page::from_context();
    let table = move || {
        page.report
            .with(|report| report.as_ref().map(|report| errors(report).html()))
            .unwrap_or_default()
    };
    // The first rows have the colours of the models in charts.
    let first_rows = move || match model_names(page) {
        (_, Some(_)) => "both-first",
        (_, None) => "one-first",
    };
    view! {
        <section class="figures" aria-labelledby="errors-title">
            <h3 id="errors-title">"Errors over every test window"</h3>
            <div class=first_rows data-testid="errors" inner_html=table></div>
        </section>
    }
}

fn errors(report: &Report) -> Table {
    let mut table = Table::new(
        "Mean errors; published tables have scaled values",
        ["", "MSE, scaled", "MAE, scaled", "MAE", "RMSE", "MASE"],
    );
    let all = |name: &str, metrics: &Metrics| {
        let original =
            |of: fn(&MetricSet) -> Option<f64>| number(metrics.original.as_ref().and_then(of));
        [
            name.to_owned(),
            number(Some(metrics.scaled.mse)),
            number(Some(metrics.scaled.mae)),
            original(|set| Some(set.mae)),
            original(|set| Some(set.rmse)),
            original(|set| set.mase),
        ]
    };
    let mean = |name: &str, errors: &MeanErrors| {
        let unknown = String::from("–");
        [
            name.to_owned(),
            number(Some(errors.mse)),
            number(Some(errors.mae)),
            unknown.clone(),
            unknown.clone(),
            unknown,
        ]
    };
    table.row(all(&dense_name(report), &report.dense.test.full));
    if let Some(pruned) = report.changed_model() {
        table.row(all("pruned", &pruned.test.full));
        if let Some(before) = &pruned.before_finetune {
            table.row(mean("pruned, not fine-tuned yet", &before.test));
        }
    }
    for (name, control) in &report.controls {
        let name = match name.as_str() {
            "dense_finetuned" => "dense, fine-tuned as long",
            "pruned_from_scratch" => "pruned structure from scratch",
            other => other,
        };
        table.row(mean(name, &control.test));
    }
    for (name, metrics) in &report.baselines {
        let training = match report.linear_baselines.contains_key(name) {
            true => "linear baseline",
            false => "no training",
        };
        table.row(all(
            &format!("{}, {training}", baseline_name(name)),
            metrics,
        ));
    }
    table
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}
