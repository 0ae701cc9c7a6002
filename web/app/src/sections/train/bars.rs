//! A chart of the scores so far, the highest first.

use leptos::prelude::*;
use spat_report::{Bar, BarChart, bar_chart, module_heading};

use crate::charts::Figure;
use crate::show::Show;
use crate::state::Page;

/// The chart.
#[component]
pub(super) fn Bars() -> impl IntoView {
    let page = Page::from_context();
    let chart = Memo::new(move |_| {
        let mut scores = page.scores.get();
        scores.sort_by(|a, b| b.value.total_cmp(&a.value));
        let label = page.score_label();
        BarChart {
            title: format!("{label} by module"),
            description: format!("{label} of every attention module, the highest first"),
            value_label: label,
            part_label: "head".to_owned(),
            bars: scores
                .into_iter()
                .map(|score| Bar {
                    label: module_heading(&score.module),
                    value: score.value,
                    spread: score.spread,
                    parts: score.heads,
                    removed: false,
                    note: String::new(),
                    module: score.module.to_string(),
                })
                .collect(),
            ..BarChart::default()
        }
    });
    let empty = Memo::new(move |_| page.scores.with(Vec::is_empty));
    view! {
        <div class="reserve" data-testid="bars">
            <Show
                when=move || !empty.get()
                fallback=|| view! { <p class="placeholder">"The ranking of the attention modules appears here."</p> }
            >
                <Figure
                    name="send"
                    caption="The score of each attention module so far; whiskers are one standard deviation over batches, dots are heads."
                    draw=move |width: f64| bar_chart(&BarChart { width, ..chart.get() })
                    table=Signal::derive(move || chart.with(|chart| chart.table().html()))
                />
            </Show>
        </div>
    }
}
