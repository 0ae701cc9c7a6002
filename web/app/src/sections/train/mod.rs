//! 3 · The training, live: how far it is, how the loss falls, how the scores settle.

mod bars;
mod controls;
mod curves;

use leptos::prelude::*;

use super::Part;

use bars::Bars;
use controls::Controls;
use curves::Curves;

/// The part.
#[component]
pub(crate) fn TrainPart() -> impl IntoView {
    view! {
        <Part
            number=3
            id="train"
            title="Train"
            lead="The model learns from the first part of the table; while it does, every attention module is scored."
        >
            <Controls />
            <div class="pair">
                <Curves />
                <Bars />
            </div>
        </Part>
    }
}
