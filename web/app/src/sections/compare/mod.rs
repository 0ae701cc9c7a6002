//! 6 · Comparison of the dense and the pruned model.

mod cost;
mod errors;
mod forecast;
mod future;
mod headline;
mod scrubber;

use leptos::prelude::*;
use spat_report::dense_name;

use super::Part;
use crate::sections::ChannelPicker;
use crate::show::{Listed as _, Show};
use crate::state::Page;

use cost::Cost;
use errors::Errors;
use forecast::Forecast;
use future::Future;
use headline::Headline;
use scrubber::Scrubber;

/// The section.
#[component]
pub(crate) fn ComparePart() -> impl IntoView {
    let page = Page::from_context();
    let sample = Memo::new(move |_| page.sample.with(Option::is_some));
    let report = Memo::new(move |_| page.report.with(Option::is_some));
    view! {
        <Part
            number=6
            id="compare"
            title="Before and after"
            lead="Changes of error, size and time by the removal."
        >
            <Verdict />
            <Show when=move || report.get()>
                <Headline />
            </Show>
            <Show
                when=move || sample.get()
                fallback=|| {
                    view! { <p class="placeholder">"The forecasts appear here."</p> }
                }
            >
                <h3>"Forecasts of the test part, which was not used for training"</h3>
                <div class="row">
                    <ChannelPicker id="compare-channel" />
                    <Scrubber />
                </div>
                <Forecast />
            </Show>
            <Show when=move || report.get()>
                <Future />
                <Errors />
                <Cost />
                <Notes />
            </Show>
        </Part>
    }
}

/// Names of the dense model and of the pruned one, if modules were removed.
fn model_names(page: Page) -> (String, Option<&'static str>) {
    page.report.with(|report| match report.as_deref() {
        Some(report) if report.changed_model().is_none() => (dense_name(report), None),
        _ => ("dense".to_owned(), Some("pruned")),
    })
}

/// Which forecast to use, and whether pruning was worth it.
#[component]
fn Verdict() -> impl IntoView {
    let page = Page::from_context();
    move || {
        page.report.get().map(|report| {
            view! {
                <div
                    class="verdict"
                    role="status"
                    data-testid="verdict"
                    inner_html=spat_report::verdict(&report).html()
                ></div>
            }
        })
    }
}

/// The report's notes.
#[component]
fn Notes() -> impl IntoView {
    let page = Page::from_context();
    let notes = move || {
        let notes = page
            .report
            .with(|report| report.as_ref().map(|report| report.notes.clone()))
            .unwrap_or_default();
        notes
            .into_iter()
            .map(|note| view! { <li>{note}</li> })
            .listed()
    };
    view! {
        <details class="more">
            <summary>"How to read these numbers"</summary>
            <ul class="hint">{notes}</ul>
        </details>
    }
}
