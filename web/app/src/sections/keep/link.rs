//! The setup as a link.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::state::{Page, hash_of};

/// A button that copies the link, and the link.
#[component]
pub(super) fn Link() -> impl IntoView {
    let page = Page::here();
    let address = Memo::new(move |_| {
        let hash = hash_of(&page.setup.get(), page.ratio.get());
        let here = window().location().href().unwrap_or_default();
        format!("{}{hash}", here.split('#').next().unwrap_or_default())
    });
    let copied = RwSignal::new("");
    let copy = move |_| {
        let address = address.get_untracked();
        spawn_local(async move {
            let written =
                JsFuture::from(window().navigator().clipboard().write_text(&address)).await;
            copied.set(match written {
                Ok(_) => "Copied.",
                Err(_) => "The browser forbids copying; take it from the field.",
            });
        });
    };
    view! {
        <div class="row">
            <label class="field wide">
                "Link to this setup: sizes, options and seed, never your data"
                <input type="text" readonly data-testid="link" prop:value=move || address.get() />
            </label>
            <button type="button" data-testid="copy-link" on:click=copy>
                "Copy"
            </button>
            <span class="hint" role="status">
                {copied}
            </span>
        </div>
    }
}
