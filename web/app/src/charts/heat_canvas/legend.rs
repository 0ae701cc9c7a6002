//! The colour scale of a map.

use std::sync::Arc;

use leptos::prelude::*;
use spat_report::{HeatMap, Palette};

use super::figures::figure_text;
use super::pixels::{HeatPixels, reach_of};
use crate::show::Listed as _;

/// A colour ramp with its values.
#[component]
pub(super) fn Legend(map: Signal<Arc<HeatMap>>) -> impl IntoView {
    let ends = Memo::new(move |_| map.with(|map| (map.palette, reach_of(map))));
    let ramp = Signal::derive(move || Arc::new(ramp(ends.get().0)));
    let marks = move || {
        let (palette, reach) = ends.get();
        match palette {
            Palette::Sequential => vec!["0".to_owned(), figure_text(reach)],
            Palette::Diverging => {
                vec![figure_text(-reach), "0".to_owned(), figure_text(reach)]
            }
        }
    };
    let label = move || format!("Colours from {}", marks().join(" over "));
    view! {
        <div class="heat-legend" role="img" aria-label=label>
            <HeatPixels map=ramp />
            <div class="heat-marks">
                {move || {
                    marks().into_iter().map(|mark| view! { <span>{mark}</span> }).listed()
                }}
            </div>
        </div>
    }
}

/// All levels of a palette, from one end to the other.
fn ramp(palette: Palette) -> HeatMap {
    let columns = 65;
    let low = match palette {
        Palette::Sequential => 0.0,
        Palette::Diverging => -1.0,
    };
    let value = |column: usize| low + (1.0 - low) * column as f64 / (columns - 1) as f64;
    HeatMap {
        title: String::new(),
        description: String::new(),
        rows: 1,
        columns,
        values: (0..columns).map(value).collect(),
        row_labels: Vec::new(),
        column_labels: Vec::new(),
        row_title: String::new(),
        column_title: String::new(),
        palette,
        reach: Some(1.0),
        side: 0.0,
        bare: true,
    }
}
