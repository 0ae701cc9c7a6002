//! What was found in the table and what was changed, with its first rows.

use leptos::prelude::*;
use spat_report::Table;
use spat_series::{Series, format_stamp};

use crate::state::Page;

/// Columns of the preview; a wide table would push everything off the page.
const COLUMNS: usize = 8;

const ROWS: usize = 5;

/// Name, size, findings, repairs, first rows.
#[component]
pub(super) fn Facts() -> impl IntoView {
    let page = Page::here();
    move || {
        page.table.get().map(|table| {
            let series = &table.series;
            let repairs = series.repairs.lines();
            let lines = |lines: Vec<String>| {
                lines
                    .into_iter()
                    .map(|line| view! { <li>{line}</li> })
                    .collect_view()
            };
            view! {
                <h3 data-testid="table-name">
                    {format!(
                        "{}: {} rows × {} channels, {}",
                        table.name,
                        series.rows(),
                        series.channel_count(),
                        series.index.frequency(),
                    )}
                </h3>
                <div class="pair">
                    <div>
                        <h4>"What was found"</h4>
                        <ul data-testid="detection">{lines(table.detection.lines())}</ul>
                    </div>
                    <div>
                        <h4>"What was repaired"</h4>
                        <ul data-testid="repairs">
                            {if repairs.is_empty() {
                                lines(vec!["nothing had to be".to_owned()])
                            } else {
                                lines(repairs)
                            }}
                        </ul>
                    </div>
                </div>
                <div inner_html=first_rows(series).html()></div>
            }
        })
    }
}

fn first_rows(series: &Series) -> Table {
    let shown = series.channel_count().min(COLUMNS);
    let stamps = series.index.stamps();
    let mut heads = vec![if stamps.is_some() { "time" } else { "row" }.to_owned()];
    heads.extend(series.channels.iter().take(shown).cloned());
    let hidden = series.channel_count() - shown;
    if hidden > 0 {
        heads.push(format!("+{hidden} more"));
    }
    let mut table = Table::new("The first rows, as they are used", heads);
    for row in 0..series.rows().min(ROWS) {
        let name = stamps.map_or_else(|| row.to_string(), |stamps| format_stamp(stamps[row]));
        let values = series.row(row).iter().take(shown).map(f32::to_string);
        let tail = (hidden > 0).then(|| "…".to_owned());
        table.row(std::iter::once(name).chain(values).chain(tail));
    }
    table
}
