//! 6 · The dense and the pruned model on the same windows, and the figures that decide.

mod cost;
mod errors;
mod forecast;
mod future;
mod headline;
mod percent;
mod scrubber;

use leptos::prelude::*;

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

/// The part.
#[component]
pub(crate) fn ComparePart() -> impl IntoView {
    let page = Page::here();
    let sample = Memo::new(move |_| page.sample.with(Option::is_some));
    let report = Memo::new(move |_| page.report.with(Option::is_some));
    view! {
        <Part
            number=6
            id="compare"
            title="Before and after"
            lead="What did the removal cost, and what did it save?"
        >
            <Verdict />
            <Show when=move || report.get()>
                <Headline />
            </Show>
            <Show
                when=move || sample.get()
                fallback=|| {
                    view! { <p class="placeholder">"Here the forecasts will stand side by side."</p> }
                }
            >
                <h3>"Forecasts of a part that neither model has seen"</h3>
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

/// One honest sentence.
#[component]
fn Verdict() -> impl IntoView {
    let page = Page::here();
    move || {
        page.report.get().map(|report| {
            view! {
                <p class="verdict" role="status" data-testid="verdict">
                    {spat_report::verdict(&report)}
                </p>
            }
        })
    }
}

/// What the reader should know before believing a figure.
#[component]
fn Notes() -> impl IntoView {
    let page = Page::here();
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
            <summary>"Before you believe a figure"</summary>
            <ul class="hint">{notes}</ul>
        </details>
    }
}
