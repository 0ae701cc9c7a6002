//! Where a table comes from: a dropped or picked file, a sample, an address.

use leptos::ev::DragEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, Response};

use super::waves;
use crate::engine;
use crate::sections::Help;
use crate::state::{LARGEST_TABLE, Page};

const WEATHER: &str = "nyc-weather-2013.csv";

/// All the ways in.
#[component]
pub(super) fn Sources() -> impl IntoView {
    let page = Page::here();
    let over = RwSignal::new(false);
    let drop_file = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        take_all(
            page,
            event.data_transfer().and_then(|dropped| dropped.files()),
        );
    };
    view! {
        <div
            class="drop"
            class:over=over
            class:done=move || page.table.with(Option::is_some)
            data-testid="drop"
            on:dragover=move |event| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=drop_file
        >
            <label class="pick">
                <span class="pick-words">
                    <strong>"Choose a CSV file"</strong>
                    <span>" or drop it here"</span>
                </span>
                <input
                    id="table-file"
                    type="file"
                    multiple
                    accept=".csv,.tsv,.txt,text/csv,text/plain,.safetensors"
                    data-testid="file"
                    on:click=move |event| {
                        if engine::is_native() {
                            // The system's own dialog tells the path too: the menu then has it.
                            event.prevent_default();
                            engine::pick_table(page);
                        }
                    }
                    on:change:target=move |event| {
                        take_all(page, event.target().files());
                        // The same file can be chosen again after it was changed.
                        event.target().set_value("");
                    }
                />
            </label>
            <p class="hint">
                "Any delimiter, decimal commas, dates or none. "
                {engine::host()
                    .map_or_else(
                        || {
                            "Your data never leave this computer. A model that you saved (.safetensors), \
                             given along with a table, forecasts it without training."
                                .to_owned()
                        },
                        |host| format!("Training sends them to {host}, which keeps them."),
                    )}
            </p>
        </div>
        <div class="row samples">
            <span>"No table at hand? Try a sample"</span>
            <button
                type="button"
                data-testid="sample-weather"
                on:click=move |_| {
                    load_sample(page, "weather");
                }
            >
                "New York weather"
            </button>
            <button
                type="button"
                data-testid="sample-waves"
                on:click=move |_| {
                    load_sample(page, "waves");
                }
            >
                "Planted waves"
            </button>
            <Help about="planted waves" text=waves::PLANTED />
            <Address />
        </div>
    }
}

/// Loads a sample by its name; `false` if there is none of that name.
pub(crate) fn load_sample(page: Page, name: &str) -> bool {
    match name {
        "weather" => fetch(page, format!("./demo/{WEATHER}"), WEATHER.to_owned()),
        "waves" => page.take_new_table("planted-waves.csv".to_owned(), waves::csv().into_bytes()),
        _ => return false,
    }
    true
}

/// A table from elsewhere.
#[component]
fn Address() -> impl IntoView {
    let page = Page::here();
    let address = RwSignal::new(String::new());
    let load = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let address = address.get_untracked();
        let name = address.rsplit('/').next().unwrap_or("table.csv").to_owned();
        fetch(page, address, name);
    };
    view! {
        <details class="more address">
            <summary>"… or load it from an address"</summary>
            <form class="row" on:submit=load>
                <label class="field wide">
                    "Address of a CSV file"
                    <input
                        type="url"
                        required
                        placeholder="https://…/table.csv"
                        data-testid="address"
                        bind:value=address
                    />
                </label>
                <button type="submit">"Load"</button>
            </form>
        </details>
    }
}

/// Takes a table, a saved model, or one of each.
fn take_all(page: Page, files: Option<FileList>) {
    let Some(files) = files else { return };
    for place in 0..files.length() {
        if let Some(file) = files.get(place) {
            read(page, file);
        }
    }
}

/// Reads a file of this computer.
fn read(page: Page, file: File) {
    let name = file.name();
    if file.size() > LARGEST_TABLE as f64 {
        page.table_problem.set(Some(format!(
            "`{name}` has {:.0} MB; the page takes up to {} MB: cut it, or use the command line program",
            file.size() / 1_048_576.0,
            LARGEST_TABLE >> 20
        )));
        return;
    }
    spawn_local(async move {
        match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => {
                let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                page.take_file(name, bytes);
            }
            Err(_) => page.table_problem.set(Some(format!(
                "the browser could not read `{name}`; was it moved or is it open elsewhere? Choose it once more"
            ))),
        }
    });
}

/// Reads a file from an address.
fn fetch(page: Page, address: String, name: String) {
    let begun = page.begin_anew();
    spawn_local(async move {
        let answer = fetched(&address).await;
        if page.begun.get_untracked() != begun {
            // Another was asked for in the meantime.
            return;
        }
        match answer {
            Ok(bytes) => page.take_new_table(name, bytes),
            Err(reason) => page.table_problem.set(Some(reason)),
        }
    });
}

/// The bytes at an address.
///
/// # Errors
/// They cannot be had; why, and a way out.
pub(crate) async fn fetched(address: &str) -> Result<Vec<u8>, String> {
    let unreachable = |_| {
        format!(
            "`{address}` could not be loaded: there is no connection, or its host does not let pages \
             read it; download it and drop it here"
        )
    };
    let answer = JsFuture::from(window().fetch_with_str(address)).await;
    let answer: Response = answer.map_err(unreachable)?.unchecked_into();
    if !answer.ok() {
        return Err(format!(
            "`{address}` answered {} {}; check the address",
            answer.status(),
            answer.status_text()
        ));
    }
    let content = JsFuture::from(answer.array_buffer().map_err(unreachable)?).await;
    Ok(js_sys::Uint8Array::new(&content.map_err(unreachable)?).to_vec())
}
