//! 4 · Attention and sensitivity maps of each module.

mod beside_send;
mod choice;
mod map;
mod network;
mod pair;
mod pickers;
mod pointed_row;
mod relation;
mod thumbnails;

use leptos::prelude::*;

use super::{Help, Part};
use crate::show::Show;
use crate::state::Page;

use beside_send::BesideSend;
use choice::Choice;
use network::Network;
use pair::Pair;
use pickers::Pickers;
use thumbnails::Thumbnails;

/// The section.
#[component]
pub(crate) fn AttentionPart() -> impl IntoView {
    let page = Page::from_context();
    let choice = Choice::new(page);
    let has_maps = Memo::new(move |_| page.maps.with(|maps| !maps.is_empty()));
    let has_scores = Memo::new(move |_| {
        has_maps.get()
            || (page.trained.with(Option::is_some) && page.scores.with(|scores| !scores.is_empty()))
    });
    view! {
        <Part
            number=4
            id="attention"
            title="Attention"
            lead="For every position (a query) a module computes how much it takes from every position (the keys). The maps show these shares, and how sensitive the loss is to each."
        >
            <Show when=move || has_maps.get() fallback=Waiting>
                <Network choice />
                <Pickers choice />
                <Pair choice />
            </Show>
            <div class="pair beside-maps">
                <Show when=move || has_maps.get()>
                    <Thumbnails choice />
                </Show>
                <Show when=move || has_scores.get()>
                    <BesideSend choice />
                </Show>
            </div>
            <div class="row explain">
                <Help
                    about="attention"
                    words="Attention"
                    text="Attention A: row by row, the shares (they add up to 1) in which a query takes the values of the keys. A row of equal shares is the mean over all positions. The map is the mean over a batch of training windows."
                />
                <Help
                    about="sensitivity"
                    words="Sensitivity"
                    text="Sensitivity S = A ⊙ ∂L/∂A: each share times the gradient of the loss with respect to it, summed over the batch. It estimates how much the loss would change if the connection were strengthened. Orange raises the loss, blue lowers it, pale colours have little effect."
                />
                <Help
                    about="entropy"
                    words="Entropy"
                    text="Entropy of the attention's rows, divided by its largest value, ln(number of keys). 1 means uniform attention; 0 means that every query attends to one key only."
                />
            </div>
        </Part>
    }
}

/// Why there are no maps, and what to do.
#[component]
fn Waiting() -> impl IntoView {
    let page = Page::from_context();
    let words = move || {
        let modules = page.trained.with(|trained| {
            trained
                .as_ref()
                .map(|trained| trained.forecaster.modules().len())
        });
        let busy = page.busy.get();
        match modules {
            Some(0) => {
                "This model has no attention modules, so there are no maps. \
                 Choose iTransformer or PatchTST in step 2."
            }
            Some(_) if busy => "The maps are being computed.",
            Some(_) => "The maps of this model are too large to keep: it has too many positions.",
            None if busy => "The maps are shown when the dense model is trained.",
            None => "No maps yet: train a model in step 3.",
        }
    };
    view! {
        <p class="hint attention-waiting" data-testid="attention-waiting">
            {words}
        </p>
    }
}
