//! A model file looked into.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_spec::Checkpoint;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// What a checkpoint holds.
#[component]
pub(super) fn ModelFile() -> impl IntoView {
    let found = RwSignal::new(None::<Result<Vec<String>, String>>);
    let look = move |file: File| {
        spawn_local(async move {
            let name = file.name();
            let facts = match JsFuture::from(file.array_buffer()).await {
                Ok(buffer) => facts(&js_sys::Uint8Array::new(&buffer).to_vec()),
                Err(_) => Err("the browser could not read it".to_owned()),
            };
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

fn facts(bytes: &[u8]) -> Result<Vec<String>, String> {
    let header = Checkpoint::from_bytes(bytes)
        .map_err(|error| error.to_string())?
        .header;
    let forecaster = &header.structure.forecaster;
    let mut facts = vec![
        format!("{} of spat {}", forecaster.name(), header.version),
        format!(
            "looks back {} rows and forecasts {}",
            forecaster.lookback(),
            forecaster.horizon()
        ),
        format!(
            "{} channels: {}",
            header.channels.len(),
            header.channels.join(", ")
        ),
        format!("{} parameters", header.structure.cost().params),
        format!(
            "{} of {} attention modules stand",
            header.structure.kept().count(),
            forecaster.modules().len()
        ),
    ];
    facts.extend(
        header
            .plan
            .map(|plan| format!("pruned by {} with a ratio of {}", plan.scorer, plan.ratio)),
    );
    facts.push("to forecast with it: spat forecast FILE TABLE.csv".to_owned());
    Ok(facts)
}
