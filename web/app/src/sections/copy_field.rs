//! A text with a copy button.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// A read-only field, and a button that copies its text.
#[component]
pub(crate) fn CopyField(
    label: &'static str,
    /// The test id.
    name: &'static str,
    text: Memo<String>,
) -> impl IntoView {
    let copied = RwSignal::new("");
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let written = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
            copied.set(match written {
                Ok(_) => "Copied.",
                Err(_) => "The browser does not allow copying; copy it from the field.",
            });
        });
    };
    view! {
        <div class="row">
            <label class="field wide">
                {label} <input type="text" readonly data-testid=name prop:value=move || text.get() />
            </label>
            <button type="button" data-testid=format!("copy-{name}") on:click=copy>
                "Copy"
            </button>
            <span class="hint" role="status">
                {copied}
            </span>
        </div>
    }
}
