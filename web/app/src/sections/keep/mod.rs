//! 7 · Files, a link, and the runs that the browser keeps.

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

/// The part.
#[component]
pub(crate) fn KeepPart() -> impl IntoView {
    let page = Page::here();
    view! {
        <Part
            number=7
            id="keep"
            title="Keep and share"
            lead=if engine::is_native() {
                "Everything that was found, as files; your runs, on this computer."
            } else {
                "Everything that was found, as files; the setup, as a link; your runs, in this browser."
            }
        >
            <Files />
            // A window has no address that another could open.
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
                                    "Runs are not kept in this browser: {reason}. A private window may be the cause; save the files before you leave.",
                                )}
                            </p>
                        }
                    })
            }}
        </Part>
    }
}
