//! 7 · Files, links, and stored runs.

mod files;
mod history;
mod link;
mod resume;

use leptos::prelude::*;

use super::Part;
use crate::class::LinkMaker;
use crate::engine;
use crate::show::Show;
use crate::state::Page;

use files::Files;
use history::History;
use link::Link;

pub(crate) use resume::ResumeOffer;

/// The section.
#[component]
pub(crate) fn KeepPart() -> impl IntoView {
    let page = Page::from_context();
    view! {
        <Part
            number=7
            id="keep"
            title="Export"
            lead=if engine::is_native() {
                "Results as files, and your runs on this computer."
            } else {
                "Results as files, the setup as a link, and your runs in this browser."
            }
        >
            <Files />
            // The desktop app has no address for others.
            <Show when=|| !engine::is_native()>
                <Link />
                <LinkMaker />
            </Show>
            <History />
            {move || {
                page.not_stored
                    .get()
                    .map(|reason| {
                        view! {
                            <p class="error" data-testid="not-kept">
                                {format!(
                                    "Runs are not stored in this browser: {reason}. A private window may be the cause; save the files before you leave.",
                                )}
                            </p>
                        }
                    })
            }}
        </Part>
    }
}
