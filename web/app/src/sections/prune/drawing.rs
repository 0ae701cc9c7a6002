//! The network after the removal, with what is gone.

use leptos::prelude::*;
use spat_report::{network_drawing_within, network_table};

use super::preview::Preview;
use crate::charts::Figure;

/// The drawing.
#[component]
pub(super) fn Drawing(preview: Memo<Option<Preview>>) -> impl IntoView {
    let pruned =
        Memo::new(move |_| preview.with(|preview| preview.as_ref().map(|p| p.pruned.clone())));
    let gone = move || preview.with(|preview| preview.as_ref().map_or(0, Preview::removed));
    let caption = move || {
        match gone() {
        0 => "The network: nothing is removed.".to_owned(),
        1 => {
            "The network without 1 attention module; its residual path, norms and feed-forward stay."
                .to_owned()
        }
        n => format!(
            "The network without {n} attention modules; their residual paths, norms and feed-forward stay."
        ),
    }
    };
    let draw = move |width: f64| {
        pruned.with(|pruned| {
            let drawing = pruned
                .as_ref()
                .map(|pruned| network_drawing_within(pruned, width));
            drawing.unwrap_or_default()
        })
    };
    let table = move || {
        pruned.with(|pruned| {
            let table = pruned.as_ref().map(|pruned| network_table(pruned).html());
            table.unwrap_or_default()
        })
    };
    view! {
        <div data-testid="network-pruned">
            <Figure
                name="network"
                caption=Signal::derive(caption)
                draw
                table=Signal::derive(table)
            />
        </div>
    }
}
