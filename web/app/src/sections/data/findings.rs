//! What was detected in the table, what was repaired, and its first rows.

use leptos::prelude::*;
use spat_report::Table;
use spat_series::{Series, format_with_offset};

use crate::show::Listed as _;
use crate::state::Page;

/// Largest number of columns in the preview.
const COLUMNS: usize = 8;

const ROWS: usize = 5;

/// Detection, repairs, first rows.
#[component]
pub(super) fn Findings() -> impl IntoView {
    let page = Page::from_context();
    let found = move || {
        page.table.with(|table| {
            table
                .as_ref()
                .map(|table| items(table.parsed.detection.lines()))
        })
    };
    let repaired = move || {
        page.table.with(|table| {
            let repairs = table.as_ref()?.series.repairs.lines();
            Some(items(if repairs.is_empty() {
                vec!["nothing".to_owned()]
            } else {
                repairs
            }))
        })
    };
    let rows = move || {
        let rows = page
            .table
            .with(|table| table.as_ref().map(|table| first_rows(&table.series).html()));
        rows.unwrap_or_default()
    };
    view! {
        <div class="pair findings">
            <div>
                <h4>"Detected"</h4>
                <ul data-testid="detection">{found}</ul>
            </div>
            <div>
                <h4>"Repaired"</h4>
                <ul data-testid="repairs">{repaired}</ul>
            </div>
        </div>
        <div inner_html=rows></div>
    }
}

fn items(lines: Vec<String>) -> impl IntoView {
    lines
        .into_iter()
        .map(|line| view! { <li>{line}</li> })
        .listed()
}

fn first_rows(series: &Series) -> Table {
    let shown = series.channel_count().min(COLUMNS);
    let first = match series.index.timestamps() {
        Some(_) => "time",
        None => "row",
    };
    let mut heads = vec![first.to_owned()];
    heads.extend(series.channels.iter().take(shown).cloned());
    let hidden = series.channel_count() - shown;
    if hidden > 0 {
        heads.push(format!("+{hidden} more"));
    }
    let mut table = Table::new("First rows, after repair", heads);
    for row in 0..series.rows().min(ROWS) {
        let name = series.index.label(row);
        let values = series.row(row).iter().take(shown).enumerate();
        let values =
            values.map(|(channel, value)| format_with_offset(*value, series.offset(channel)));
        let tail = (hidden > 0).then(|| "…".to_owned());
        table.row(std::iter::once(name).chain(values).chain(tail));
    }
    table
}
