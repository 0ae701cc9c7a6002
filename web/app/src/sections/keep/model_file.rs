//! A model file looked into.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::model_header::{Header, length};

/// What a checkpoint holds.
#[component]
pub(super) fn ModelFile() -> impl IntoView {
    let found = RwSignal::new(None::<Result<Vec<String>, String>>);
    let look = move |file: File| {
        spawn_local(async move {
            let name = file.name();
            let facts = facts(&file).await;
            found.set(Some(facts.map_err(|reason| format!("`{name}`: {reason}"))));
        });
    };
    view! {
        <details class="more">
            <summary>"Look into a model file"</summary>
            <label class="field wide">
                "A .safetensors file of this page or of the command line"
                <input
                    type="file"
                    accept=".safetensors"
                    data-testid="model-file"
                    on:change:target=move |event| {
                        if let Some(file) = event.target().files().and_then(|files| files.get(0)) {
                            look(file);
                        }
                    }
                />
            </label>
            <div aria-live="polite" data-testid="model-facts">
                {move || match found.get() {
                    Some(Ok(facts)) => {
                        let facts = facts.into_iter().map(|fact| view! { <li>{fact}</li> }).collect_view();
                        view! { <ul>{facts}</ul> }.into_any()
                    }
                    Some(Err(reason)) => view! { <p class="error">{reason}</p> }.into_any(),
                    None => ().into_any(),
                }}
            </div>
        </details>
    }
}

/// Reads the header and no more: weights may be large.
async fn facts(file: &File) -> Result<Vec<String>, String> {
    let start = bytes(file, 0.0, 8.0).await?;
    let end = 8.0 + length(&start).ok_or("this is no safetensors file")? as f64;
    if end > file.size() {
        return Err("this file is cut short; take it from where it was saved once more".to_owned());
    }
    let header = bytes(file, 8.0, end).await?;
    Header::read(&header).map(|header| header.facts())
}

async fn bytes(file: &File, from: f64, to: f64) -> Result<Vec<u8>, String> {
    let unreadable = |_| "the browser could not read it".to_owned();
    let piece = file.slice_with_f64_and_f64(from, to).map_err(unreadable)?;
    let buffer = JsFuture::from(piece.array_buffer()).await;
    Ok(js_sys::Uint8Array::new(&buffer.map_err(unreadable)?).to_vec())
}
