//! 7 · Files, a link, and the runs that the browser keeps.

mod files;
mod history;
mod link;
mod model_file;
mod resume;

use leptos::prelude::*;

use super::Part;
use crate::class::LinkMaker;
use crate::state::Page;

use files::Files;
use history::History;
use link::Link;
use model_file::ModelFile;

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
            lead="Everything that was found, as files; the setup, as a link; your runs, in this browser."
        >
            <Files />
            <Link />
            <LinkMaker />
            <History />
            {move || {
                page.not_kept
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
            <ModelFile />
        </Part>
    }
}
