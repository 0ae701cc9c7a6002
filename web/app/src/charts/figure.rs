//! A drawing with its caption and its data as a table.

use leptos::prelude::*;

/// A drawing of `spat-report`, drawn anew whenever its signals change.
#[component]
pub(crate) fn Figure(
    /// File name of downloads, without ending.
    name: &'static str,
    /// What it shows, one sentence.
    #[prop(into)]
    caption: Signal<String>,
    /// An SVG element as text.
    #[prop(into)]
    svg: Signal<String>,
    /// An HTML table of the same numbers (`spat_report::Table::html`).
    #[prop(into)]
    table: Signal<String>,
) -> impl IntoView {
    view! {
        <figure class="chart" data-name=name>
            <div class="drawing" inner_html=svg></div>
            <figcaption>{caption}</figcaption>
            <details>
                <summary>"Data as a table"</summary>
                <div class="scroll" inner_html=table></div>
            </details>
        </figure>
    }
}
