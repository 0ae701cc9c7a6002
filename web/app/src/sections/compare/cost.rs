//! What both models cost.

use leptos::prelude::*;
use spat_report::Table;
use spat_spec::Report;

use crate::state::Page;

/// The table of costs.
#[component]
pub(super) fn Cost() -> impl IntoView {
    let page = Page::here();
    let table = move || {
        page.report
            .with(|report| report.as_ref().map(|report| costs(report).html()))
            .unwrap_or_default()
    };
    view! {
        <h3>"Cost"</h3>
        <div data-testid="costs" inner_html=table></div>
    }
}

fn costs(report: &Report) -> Table {
    let (dense, pruned, change) = (&report.dense, &report.pruned, &report.change);
    let mut table = Table::new(
        format!(
            "Times were measured side by side on: {}",
            report.device.name
        ),
        ["", "dense", "pruned", "change"],
    );
    let percent = |change: f64| format!("{change:+.1} %");
    let ms = |time: f64| format!("{time:.2} ms");
    table.row([
        "parameters".to_owned(),
        dense.params.to_string(),
        pruned.params.to_string(),
        percent(change.params_percent),
    ]);
    table.row([
        "multiply–accumulates of one window".to_owned(),
        dense.macs.to_string(),
        pruned.macs.to_string(),
        percent(change.macs_percent),
    ]);
    table.row([
        "a training step".to_owned(),
        ms(dense.step_ms_median),
        ms(pruned.step_ms_median),
        percent(change.step_time_percent),
    ]);
    table.row([
        "forecasts of one batch".to_owned(),
        ms(dense.infer_ms_median),
        ms(pruned.infer_ms_median),
        percent(change.infer_time_percent),
    ]);
    table
}
