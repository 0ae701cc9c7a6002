//! Sources of tables: a dropped or chosen file, a sample, an address.

use leptos::ev::{self, DragEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileList, HtmlInputElement, Response, Url};

use super::waves;
use crate::class::Rules;
use crate::engine;
use crate::route::Route;
use crate::sections::Help;
use crate::state::{Page, TableFile, too_large};

const WEATHER: &str = "nyc-weather-2013.csv";

/// Controls for all sources.
#[component]
pub(super) fn Sources() -> impl IntoView {
    let page = Page::from_context();
    let locked = Rules::from_context().locks("data");
    let route = expect_context::<Route>();
    let over = RwSignal::new(false);
    // Files can be dropped anywhere: outside a drop target, the browser would navigate to them.
    window_event_listener(ev::dragover, move |event| {
        if files_of(&event).is_some() {
            event.prevent_default();
            over.set(!locked);
        }
    });
    window_event_listener(ev::dragleave, move |event| {
        // The pointer left the window, not just an element.
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    window_event_listener(ev::drop, move |event| {
        over.set(false);
        if let Some(files) = files_of(&event) {
            event.prevent_default();
            if locked {
                page.notify("Your teacher set the table; it cannot be changed here.");
            } else if !route.class.get_untracked() {
                // The class comparison shows no table and has its own field for reports.
                take_all(page, files.files());
            }
        }
    });
    view! {
        <div
            class="drop"
            class:over=over
            class:done=move || page.table.with(Option::is_some)
            data-testid="drop"
        >
            <label class="pick">
                <span class="pick-words">
                    <strong>"Choose a file with a table"</strong>
                    <span>" or drop it anywhere on this page"</span>
                </span>
                <input
                    id="table-file"
                    type="file"
                    multiple
                    accept=".csv,.tsv,.txt,.json,.xlsx,.xlsb,.xls,.ods,.parquet,.gz,.zip,.zst,.xz,text/csv,text/plain,.safetensors"
                    data-testid="file"
                    on:click=move |event| {
                        if engine::is_native() {
                            // The system's dialog returns the path, for the menu's recent files.
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
                "CSV with any delimiter, decimal commas, dates or none; Excel, OpenDocument, Parquet, JSON; compressed or not. "
                {engine::host()
                    .map_or_else(
                        || {
                            "Your data never leave this computer. A saved model (.safetensors) that is \
                             opened together with a table forecasts it without training."
                                .to_owned()
                        },
                        |host| format!("Training sends your table to {host}, which stores it."),
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
                "Synthetic waves"
            </button>
            <Help about="synthetic waves" text=waves::DESCRIPTION />
            <Address />
            <p class="hint" role="status" data-testid="loading">
                {move || page.loading.get().then_some("The table is being loaded …")}
            </p>
        </div>
    }
}

/// The dragged data, if it has files. Text can be dropped into fields, and file fields accept files
/// without help.
fn files_of(event: &DragEvent) -> Option<DataTransfer> {
    let field = event.target()?.dyn_into::<HtmlInputElement>();
    if field.is_ok_and(|field| field.type_() == "file") {
        return None;
    }
    let dragged = event.data_transfer()?;
    dragged
        .types()
        .includes(&"Files".into(), 0)
        .then_some(dragged)
}

/// Loads a sample by its name; `false` if there is none of that name.
pub(crate) fn load_sample(page: Page, name: &str) -> bool {
    match name {
        "weather" => fetch(page, format!("./demo/{WEATHER}"), WEATHER.to_owned()),
        "waves" => page.load_new_table(TableFile::plain(
            "synthetic-waves.csv".to_owned(),
            waves::csv().into_bytes(),
        )),
        _ => return false,
    }
    true
}

/// A form that loads a table from an address.
#[component]
fn Address() -> impl IntoView {
    let page = Page::from_context();
    let address = RwSignal::new(String::new());
    let load = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let address = address.get_untracked();
        match name_at(&address) {
            Ok(name) => fetch(page, address, name),
            Err(reason) => page.table_problem.set(Some(reason)),
        }
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
                        prop:value=address
                        on:input:target=move |event| address.set(event.target().value())
                    />
                </label>
                <button type="submit" disabled=page.loading>"Load"</button>
            </form>
        </details>
    }
}

/// The name of the file at an address.
///
/// # Errors
/// The content security policy in `index.html` does not allow the address.
fn name_at(address: &str) -> Result<String, String> {
    let url = Url::new(address).map_err(|_| format!("`{address}` is not a valid address"))?;
    let own = window().location().origin().unwrap_or_default();
    if url.protocol() != "https:" && url.origin() != own {
        return Err(format!(
            "`{address}`: tables are loaded from https addresses only; download it and drop it here"
        ));
    }
    let path = url.pathname();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = js_sys::decode_uri_component(name).map_or_else(|_| name.to_owned(), String::from);
    Ok(if name.is_empty() {
        "table.csv".to_owned()
    } else {
        name
    })
}

/// Loads a table, a saved model, or both.
fn take_all(page: Page, files: Option<FileList>) {
    let Some(files) = files else { return };
    for place in 0..files.length() {
        if let Some(file) = files.get(place) {
            read(page, file);
        }
    }
}

/// Reads a local file.
fn read(page: Page, file: File) {
    let name = file.name();
    if let Some(problem) = too_large(&name, file.size()) {
        return page.table_problem.set(Some(problem));
    }
    spawn_local(async move {
        match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => {
                let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                page.load_file(name, bytes);
            }
            Err(_) => page.table_problem.set(Some(format!(
                "the browser could not read `{name}`; it may have been moved or be open elsewhere; choose it again"
            ))),
        }
    });
}

/// Reads a file from an address.
fn fetch(page: Page, address: String, name: String) {
    let generation = page.next_generation();
    page.loading.set(true);
    spawn_local(async move {
        let answer = fetched(&address).await;
        if page.generation.get_untracked() != generation {
            // Another was requested in the meantime.
            return;
        }
        page.loading.set(false);
        match answer {
            Ok(bytes) => page.load_new_file(name, bytes),
            Err(reason) => page.table_problem.set(Some(reason)),
        }
    });
}

/// The bytes at an address.
///
/// # Errors
/// The request failed; the message has the reason and a remedy.
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
    // Not every host sends it; otherwise the limit is checked after loading.
    let length = answer.headers().get("content-length").ok().flatten();
    let length = length.and_then(|length| length.parse::<f64>().ok());
    if let Some(problem) = length.and_then(|bytes| too_large(address, bytes)) {
        return Err(problem);
    }
    let content = JsFuture::from(answer.array_buffer().map_err(unreachable)?).await;
    Ok(js_sys::Uint8Array::new(&content.map_err(unreachable)?).to_vec())
}
