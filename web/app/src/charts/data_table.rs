//! The numbers of a chart as a table, computed only while it is open.

use leptos::prelude::*;

/// A collapsed table.
#[component]
pub(crate) fn DataTable(
    /// As HTML (`spat_report::Table::html`).
    table: Signal<String>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let shown = move || {
        if open.get() {
            table.get()
        } else {
            String::new()
        }
    };
    view! {
        <details
            class="data-table"
            on:toggle:target=move |event| open.set(event.target().has_attribute("open"))
        >
            <summary>"Data as a table"</summary>
            <div inner_html=shown></div>
        </details>
    }
}
