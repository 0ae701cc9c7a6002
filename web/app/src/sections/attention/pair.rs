//! Attention and sensitivity side by side, with one cursor.

use std::sync::Arc;

use leptos::prelude::*;
use spat_report::{HeatMap, module_heading};

use super::choice::Choice;
use super::map::{Kind, head_name};
use crate::charts::{HeatCanvas, figure_text, name_of};
use crate::state::Page;

/// Both maps, and the values of the cell under the cursor.
#[component]
pub(super) fn Pair(choice: Choice) -> impl IntoView {
    let page = Page::from_context();
    let map_of = move |kind: Kind| {
        Memo::new(move |_| {
            let head = choice.head();
            // Without maps this component is not shown; an empty map paints nothing.
            let map = choice.with(|maps| kind.map(maps, head));
            Arc::new(map.unwrap_or_else(nothing))
        })
    };
    let attention = map_of(Kind::Attention);
    let sensitivity = map_of(Kind::Sensitivity);
    let reading = move || {
        let Some((row, column)) = choice.cursor.get() else {
            return "Point at a cell, or go into a map with Tab and use the arrow keys.".to_owned();
        };
        let value = |map: &HeatMap| {
            let inside = row < map.rows && column < map.columns;
            inside
                .then(|| map.values.get(row * map.columns + column).copied())
                .flatten()
        };
        let values = attention
            .with(|map| value(map))
            .zip(sensitivity.with(|map| value(map)));
        let Some((attended, sensed)) = values else {
            return "This module has no such cell.".to_owned();
        };
        let place = choice.with(|maps| {
            let (query, key) = (
                name_of(maps.row_labels(), row),
                name_of(&maps.labels, column),
            );
            (query, key, module_heading(&maps.module))
        });
        let (query, key, module) = place.unwrap_or_default();
        format!(
            "Query {query}, key {key}: attention {}, sensitivity {}. {module}, {}.",
            figure_text(attended),
            figure_text(sensed),
            head_name(choice.head()),
        )
    };
    view! {
        <div
            class="heat-pair"
            on:pointerenter=move |_| page.pointed.set(untrack(|| choice.with(|maps| maps.module.module())))
            on:pointerleave=move |_| page.pointed.set(None)
        >
            <HeatCanvas testid="attention-map" map=attention cursor=choice.cursor />
            <HeatCanvas testid="sensitivity-map" map=sensitivity cursor=choice.cursor />
        </div>
        <p class="cell-reading" role="status" data-testid="cell-reading">
            {reading}
        </p>
    }
}

fn nothing() -> HeatMap {
    HeatMap {
        title: String::new(),
        description: String::new(),
        rows: 0,
        columns: 0,
        values: Vec::new(),
        row_labels: Vec::new(),
        column_labels: Vec::new(),
        row_title: String::new(),
        column_title: String::new(),
        palette: spat_report::Palette::Sequential,
        reach: None,
        side: 0.0,
        bare: true,
    }
}
