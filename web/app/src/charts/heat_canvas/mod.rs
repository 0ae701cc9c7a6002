//! A map with axes, a colour scale and a cell cursor that several maps can share.

mod figures;
mod legend;
mod pixels;
mod plot;

use std::sync::Arc;

use leptos::prelude::*;
use spat_report::{HeatMap, heat_map};

use super::data_table::DataTable;
use super::save::Save;
use crate::show::Listed as _;
use legend::Legend;
use plot::Plot;

pub(crate) use figures::figure_text;
pub(crate) use pixels::HeatPixels;
pub(crate) use plot::Cell;

/// Up to this many rows or columns are all labelled; of more, only the first and the last.
const MAX_LABELS: usize = 14;

/// Longer edge of a saved map in pixels, without labels.
const SAVED: f64 = 760.0;

/// A map. Pointer, focus and arrow keys move the cursor; the caller displays the cell's value.
#[component]
pub(crate) fn HeatCanvas(
    /// Test id, and prefix of the test ids of its parts.
    testid: &'static str,
    #[prop(into)] map: Signal<Arc<HeatMap>>,
    cursor: RwSignal<Option<Cell>>,
) -> impl IntoView {
    let title = move || map.with(|map| map.title.clone());
    let row_title = move || map.with(|map| format!("{} ↓", map.row_title));
    let column_title = move || map.with(|map| format!("{} →", map.column_title));
    let rows =
        move || map.with(|map| axis(&map.row_labels, map.rows, cursor.get().map(|cell| cell.0)));
    let columns = move || {
        map.with(|map| {
            axis(
                &map.column_labels,
                map.columns,
                cursor.get().map(|cell| cell.1),
            )
        })
    };
    let many_rows = move || map.with(|map| map.rows > MAX_LABELS);
    let many_columns = move || map.with(|map| map.columns > MAX_LABELS);
    let saved = move |()| {
        map.with(|map| match map.rows {
            0 => String::new(),
            _ => heat_map(&HeatMap {
                side: SAVED,
                ..HeatMap::clone(map)
            }),
        })
    };
    view! {
        <figure class="heat" data-testid=testid>
            <figcaption>{title}</figcaption>
            <div class="heat-grid">
                <span class="heat-axis" aria-hidden="true">
                    <span>{column_title}</span>
                    <span>{row_title}</span>
                </span>
                <div class="heat-columns" class:ends=many_columns aria-hidden="true">
                    {columns}
                </div>
                <div class="heat-rows" class:ends=many_rows aria-hidden="true">
                    {rows}
                </div>
                <Plot testid map cursor />
            </div>
            <Legend map />
            <div class="chart-foot">
                <DataTable table=Signal::derive(move || map.with(|map| map.table().html())) />
                <Save name=testid draw=Callback::new(saved) />
            </div>
        </figure>
    }
}

/// Labels along one edge; the one under the cursor is highlighted.
fn axis(labels: &[String], cells: usize, current: Option<usize>) -> impl IntoView + use<> {
    let shown: Vec<usize> = if cells <= MAX_LABELS {
        (0..cells).collect()
    } else {
        vec![0, cells - 1]
    };
    shown
        .into_iter()
        .map(|place| {
            let name = name_of(labels, place);
            let current = current == Some(place);
            view! { <span class:current=current>{name}</span> }
        })
        .listed()
}

/// The name of a row or column, or its number from 0.
pub(crate) fn name_of(labels: &[String], place: usize) -> String {
    labels
        .get(place)
        .cloned()
        .unwrap_or_else(|| place.to_string())
}
