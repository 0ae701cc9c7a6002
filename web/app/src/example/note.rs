//! A note that the results shown are those of an example, with links to continue.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::focus::focus;
use crate::show::Show;
use crate::state::{EngineState, Page};

/// The note above an example.
#[component]
pub(crate) fn SavedNote() -> impl IntoView {
    let page = Page::from_context();
    let facts = Memo::new(move |_| {
        page.saved.get()?;
        let report = page.report.get()?;
        Some(format!(
            "{} on {}, {} of {} attention modules removed. Made with the command `{}` and seed {}; nothing was computed here.",
            report.experiment.forecaster.name(),
            report.data.name,
            report.plan.removed.len(),
            report.scores.len(),
            report.command,
            report.seed,
        ))
    });
    // The controls may have been changed, or a teacher's link may lock them.
    let same = Memo::new(move |_| {
        let experiment = page.experiment();
        page.report.with(|report| {
            let saved = report.as_ref().map(|report| &report.experiment);
            saved.is_some() && saved == experiment.as_ref()
        })
    });
    let words = move || {
        if same.get() {
            "Train it again here"
        } else {
            "Train with the setup of step 2"
        }
    };
    let broken = move || matches!(page.worker.get(), EngineState::Broken(_));
    let anew = move |_| {
        page.train();
        go("train", "pause");
    };
    view! {
        <Show when=move || facts.with(Option::is_some)>
            <section class="banner saved-note" aria-label="Saved example" data-testid="saved-note">
                <p>
                    <strong>"Saved example. "</strong>
                    {move || facts.get()}
                </p>
                <div class="row">
                    <button
                        type="button"
                        class="primary"
                        data-testid="train-anew"
                        disabled=broken
                        on:click=anew
                    >
                        {words}
                    </button>
                    <button
                        type="button"
                        data-testid="own-table"
                        on:click=move |_| go("data", "file")
                    >
                        "Use my own table"
                    </button>
                    <a href="#lesson" data-testid="note-lessons">"Lessons"</a>
                </div>
            </section>
        </Show>
    }
}

/// Scrolls to a section and focuses one of its controls.
fn go(part: &str, control: &str) {
    if let Some(part) = document().get_element_by_id(part) {
        part.scroll_into_view();
    }
    let control = document().query_selector(&format!("[data-testid=\"{control}\"]"));
    if let Some(control) = control
        .ok()
        .flatten()
        .and_then(|found| found.dyn_into::<HtmlElement>().ok())
    {
        focus(&control);
    }
}
