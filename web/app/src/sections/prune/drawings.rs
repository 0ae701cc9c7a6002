//! The network before and after.

use leptos::prelude::*;
use spat_report::{network_drawing, network_table};
use spat_spec::Structure;

use super::preview::Preview;
use crate::charts::Figure;

/// Two drawings.
#[component]
pub(super) fn Drawings(preview: Memo<Option<Preview>>) -> impl IntoView {
    let side = move |of: fn(&Preview) -> &Structure| {
        Memo::new(move |_| preview.with(|preview| preview.as_ref().map(|p| of(p).clone())))
    };
    let dense = side(|preview| &preview.dense);
    let pruned = side(|preview| &preview.pruned);
    let gone = move || preview.with(|preview| preview.as_ref().map_or(0, Preview::removed));
    let after = move || match gone() {
        0 => "After: nothing is removed.".to_owned(),
        1 => {
            "After: 1 attention module is removed; its residual path, norms and feed-forward stay."
                .to_owned()
        }
        n => format!(
            "After: {n} attention modules are removed; their residual paths, norms and feed-forward stay."
        ),
    };
    view! {
        <div class="prune-networks">
            <div data-testid="network-dense">
                <Figure
                    name="network-dense"
                    caption=Signal::stored("Before: the dense network.".to_owned())
                    svg=drawing(dense)
                    table=table(dense)
                />
            </div>
            <div data-testid="network-pruned">
                <Figure
                    name="network-pruned"
                    caption=Signal::derive(after)
                    svg=drawing(pruned)
                    table=table(pruned)
                />
            </div>
        </div>
    }
}

fn drawing(structure: Memo<Option<Structure>>) -> Signal<String> {
    Signal::derive(move || {
        structure.with(|structure| structure.as_ref().map(network_drawing).unwrap_or_default())
    })
}

fn table(structure: Memo<Option<Structure>>) -> Signal<String> {
    Signal::derive(move || {
        structure.with(|structure| {
            structure
                .as_ref()
                .map(|structure| network_table(structure).html())
                .unwrap_or_default()
        })
    })
}
