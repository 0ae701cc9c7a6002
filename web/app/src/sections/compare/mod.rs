//! 6 · The dense and the pruned model on the same windows, and the figures that decide.

mod cost;
mod errors;
mod forecast;
mod future;
mod scrubber;

use leptos::prelude::*;

use super::Part;
use crate::sections::ChannelPicker;
use crate::state::Page;

use cost::Cost;
use errors::Errors;
use forecast::Forecast;
use future::Future;
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
            {move || {
                page.report
                    .get()
                    .map(|report| {
                        view! {
                            <p class="verdict" role="status" data-testid="verdict">
                                {spat_report::verdict(&report)}
                            </p>
                        }
                    })
            }}
            <Show
                when=move || sample.get()
                fallback=|| {
                    view! { <p class="placeholder">"Here the forecasts will stand side by side."</p> }
                }
            >
                <div class="row">
                    <ChannelPicker id="compare-channel" />
                    <Scrubber />
                </div>
                <Forecast />
            </Show>
            <Show when=move || report.get()>
                <Errors />
                <Cost />
                <Notes />
                <Future />
            </Show>
        </Part>
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
            .collect_view()
    };
    view! { <ul class="hint">{notes}</ul> }
}
