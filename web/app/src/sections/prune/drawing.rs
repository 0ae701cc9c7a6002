//! A diagram of the network that shows what is removed.

use leptos::prelude::*;
use spat_report::{network_drawing_within, network_table};

use super::preview::Preview;
use crate::charts::Figure;

/// The diagram.
#[component]
pub(super) fn Drawing(preview: Memo<Option<Preview>>) -> impl IntoView {
    let pruned =
        Memo::new(move |_| preview.with(|preview| preview.as_ref().map(|p| p.pruned.clone())));
    let caption = move || {
        let without = preview.with(|preview| {
            let preview = preview.as_ref()?;
            let gone = preview.removed();
            (gone > 0).then(|| format!("without {gone} attention {}", preview.unit(gone)))
        });
        match without {
            Some(without) => {
                format!(
                    "The network {without}; residual paths, norms and feed-forward parts remain."
                )
            }
            None => "The network: nothing is removed.".to_owned(),
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
