//! 1 · The table: its source, what was detected, and which columns are used.

mod borders;
mod channels;
mod facts;
mod findings;
mod reading;
mod saved_model;
mod shares;
mod sources;
mod split_plot;
mod time_ticks;
mod waves;

use leptos::prelude::*;

use super::Part;
use crate::class::Lockable;
use crate::show::Show;
use crate::state::Page;

use channels::Channels;
use facts::Facts;
use findings::Findings;
use reading::Reading;
use saved_model::SavedModel;
use sources::Sources;
use split_plot::SplitPlot;

pub(crate) use sources::{fetched, load_sample};

/// The section.
#[component]
pub(crate) fn DataPart() -> impl IntoView {
    let page = Page::from_context();
    let loaded = Memo::new(move |_| page.table.with(Option::is_some));
    let refused = Memo::new(move |_| page.refused.with(Option::is_some));
    // A file that cannot be used does not replace the table.
    let still_open = move || {
        page.table.with(|table| {
            let table = table.as_ref()?;
            Some(format!(" {} stays open.", table.file.name))
        })
    };
    view! {
        <Part
            number=1
            id="data"
            title="Data"
            lead="A table with one row per time step and one column per measured quantity."
        >
            <fieldset class="plain" disabled=page.busy>
                <Lockable name="data">
                    <Sources />
                </Lockable>
            </fieldset>
            <div aria-live="assertive">
                {move || {
                    page.table_problem
                        .get()
                        .map(|problem| {
                            view! {
                                <p class="error" role="alert" data-testid="data-problem">
                                    {problem} <span data-testid="still-open">{still_open}</span>
                                </p>
                            }
                        })
                }}
            </div>
            <Show when=move || refused.get()>
                <Reading open=true />
            </Show>
            <SavedModel />
            <Show when=move || loaded.get()>
                <Facts />
                <SplitPlot />
                <Findings />
                <fieldset class="plain" disabled=page.busy>
                    <Channels />
                    <Show when=move || !refused.get()>
                        <Reading open=false />
                    </Show>
                </fieldset>
            </Show>
        </Part>
    }
}
