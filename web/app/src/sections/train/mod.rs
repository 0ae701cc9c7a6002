//! 3 · The training, live: progress, loss and scores.

mod bars;
mod controls;
mod curves;

use leptos::prelude::*;

use super::Part;

use bars::Bars;
use controls::Controls;
use curves::Curves;

/// The section.
#[component]
pub(crate) fn TrainPart() -> impl IntoView {
    view! {
        <Part
            number=3
            id="train"
            title="Train"
            lead="The model is trained on the first part of the table, and every attention module is scored meanwhile."
        >
            <Controls />
            <div class="pair">
                <Curves />
                <Bars />
            </div>
        </Part>
    }
}
