//! The table's name and size.

use leptos::prelude::*;
use spat_report::number;

use crate::state::{LoadedTable, Page};

/// The heading with name, size and frequency.
#[component]
pub(super) fn Facts() -> impl IntoView {
    let page = Page::from_context();
    view! {
        <h3 class="table-name" data-testid="table-name">
            {move || page.table.with(|table| table.as_deref().map(words))}
        </h3>
    }
}

fn words(table: &LoadedTable) -> String {
    let series = &table.series;
    format!(
        "{}: {} × {}, {}",
        table.file.name,
        number::plural(series.rows(), "row"),
        number::plural(series.channel_count(), "channel"),
        series.index.step_name(),
    )
}
