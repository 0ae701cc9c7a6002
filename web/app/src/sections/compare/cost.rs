//! Costs of both models.

use leptos::prelude::*;
use spat_report::Table;
use spat_spec::Report;

use super::percent::percent;
use crate::sections::grouped;
use crate::state::Page;

/// The table of costs.
#[component]
pub(super) fn Cost() -> impl IntoView {
    let page = Page::from_context();
    let table = move || {
        page.report
            .with(|report| report.as_ref().map(|report| costs(report).html()))
            .unwrap_or_default()
    };
    view! {
        <section class="figures" aria-labelledby="costs-title">
            <h3 id="costs-title">"Cost"</h3>
            <div data-testid="costs" inner_html=table></div>
        </section>
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
    let ms = |time: f64| format!("{time:.2} ms");
    table.row([
        "parameters".to_owned(),
        grouped(dense.params),
        grouped(pruned.params),
        percent(change.params_percent),
    ]);
    table.row([
        "MACs of one window".to_owned(),
        grouped(dense.macs),
        grouped(pruned.macs),
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
