//! Costs of both models.

use leptos::prelude::*;
use spat_report::costs;

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
    let device = move || {
        page.report
            .with(|report| report.as_ref().map(|report| report.device.name.clone()))
    };
    view! {
        <section class="figures" aria-labelledby="costs-title">
            <h3 id="costs-title">"Cost"</h3>
            <div data-testid="costs" inner_html=table></div>
            <p class="hint">"Times were measured on: " {device}</p>
        </section>
    }
}
