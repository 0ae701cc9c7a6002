//! The cells of a map, and a cursor that is moved by pointer and keys.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::{ev, html};
use spat_report::HeatMap;

use super::pixels::HeatPixels;

/// Row and column of a cell.
pub(crate) type Cell = (usize, usize);

/// The cells, and the frame around the one under the cursor.
#[component]
pub(super) fn Plot(
    testid: &'static str,
    map: Signal<Arc<HeatMap>>,
    cursor: RwSignal<Option<Cell>>,
) -> impl IntoView {
    let plot = NodeRef::<html::Div>::new();
    let size = Memo::new(move |_| map.with(|map| (map.rows, map.columns)));
    let place = move |next: Option<Cell>| {
        if cursor.get_untracked() != next {
            cursor.set(next);
        }
    };
    let point = move |event: ev::PointerEvent| {
        let Some(plot) = plot.get_untracked() else {
            return;
        };
        let frame = plot.get_bounding_client_rect();
        let (rows, columns) = size.get_untracked();
        let row = cell_at(
            f64::from(event.client_y()) - frame.top(),
            frame.height(),
            rows,
        );
        let column = cell_at(
            f64::from(event.client_x()) - frame.left(),
            frame.width(),
            columns,
        );
        place(row.zip(column));
    };
    let press = move |event: ev::KeyboardEvent| {
        // With a modifier, arrow keys are browser shortcuts.
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let size = size.get_untracked();
        if let Some(next) = moved(&event.key(), cursor.get_untracked(), size) {
            event.prevent_default();
            place(next);
        }
    };
    let focus = move |_| {
        if cursor.get_untracked().is_none() && size.get_untracked() != (0, 0) {
            place(Some((0, 0)));
        }
    };
    // Left, top, width and height in percent.
    let frame = Memo::new(move |_| {
        let (rows, columns) = size.get();
        let (row, column) = cursor
            .get()
            .filter(|cell| cell.0 < rows && cell.1 < columns)?;
        let share = |n: usize, of: usize| format!("{:.4}%", 100.0 * n as f64 / of as f64);
        Some([
            share(column, columns),
            share(row, rows),
            share(1, columns),
            share(1, rows),
        ])
    });
    let edge = move |which: usize| {
        frame.with(|frame| {
            frame
                .as_ref()
                .map(|edges| edges[which].clone())
                .unwrap_or_default()
        })
    };
    let shape = move || {
        let (rows, columns) = size.get();
        format!("{} / {}", columns.max(1), rows.max(1))
    };
    let label = move || {
        map.with(|map| {
            format!(
                "{}. {} Arrow keys move the cell.",
                map.title, map.description
            )
        })
    };
    view! {
        <div
            class="heat-plot"
            data-testid=format!("{testid}-cells")
            role="application"
            aria-roledescription="heat map"
            aria-label=label
            tabindex="0"
            node_ref=plot
            style:aspect-ratio=shape
            on:pointermove=point
            on:pointerdown=point
            on:keydown=press
            on:focus=focus
        >
            <HeatPixels map />
            <div
                class="heat-cursor"
                class:shown=move || frame.with(Option::is_some)
                style:left=move || edge(0)
                style:top=move || edge(1)
                style:width=move || edge(2)
                style:height=move || edge(3)
            ></div>
        </div>
    }
}

/// The cell at a distance from the map's edge.
fn cell_at(distance: f64, length: f64, cells: usize) -> Option<usize> {
    if cells == 0 || length <= 0.0 {
        return None;
    }
    // A negative distance, just outside the edge, becomes 0.
    Some(((distance / length * cells as f64) as usize).min(cells - 1))
}

/// Where a key moves the cursor; `None` for other keys.
fn moved(key: &str, cursor: Option<Cell>, (rows, columns): (usize, usize)) -> Option<Option<Cell>> {
    let (last_row, last_column) = (rows.checked_sub(1)?, columns.checked_sub(1)?);
    let (row, column) = cursor.unwrap_or_default();
    let (row, column) = (row.min(last_row), column.min(last_column));
    let next = match key {
        "ArrowUp" => (row.saturating_sub(1), column),
        "ArrowDown" => ((row + 1).min(last_row), column),
        "ArrowLeft" => (row, column.saturating_sub(1)),
        "ArrowRight" => (row, (column + 1).min(last_column)),
        "Home" => (row, 0),
        "End" => (row, last_column),
        "PageUp" => (0, column),
        "PageDown" => (last_row, column),
        "Escape" => return Some(None),
        _ => return None,
    };
    Some(Some(next))
}
