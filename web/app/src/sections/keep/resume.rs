//! Offers to resume a run that a reload interrupted. Runs open in other tabs are not interrupted.

use leptos::prelude::*;

use crate::state::{Page, Stage};

/// Offers to resume the newest run, if it is not finished.
#[component]
pub(crate) fn ResumeOffer() -> impl IntoView {
    let page = Page::from_context();
    let refused = RwSignal::new(false);
    let interrupted = Memo::new(move |_| {
        if refused.get() || page.table.with(Option::is_some) {
            return None;
        }
        page.summaries.with(|summaries| {
            let elsewhere = page.elsewhere.get();
            let (run, summary) = summaries.iter().find(|(run, _)| !elsewhere.contains(run))?;
            matches!(summary.stage, Stage::Training | Stage::Pruning)
                .then(|| (run.clone(), summary.clone()))
        })
    });
    move || {
        interrupted.get().map(|(run, summary)| {
            let title = summary.title.clone();
            let dropped = run.clone();
            view! {
                <div class="banner" role="alert" data-testid="resume-offer">
                    <p>{format!("A training was interrupted: {title}.")}</p>
                    <div class="row">
                        <button
                            type="button"
                            class="primary"
                            data-testid="resume"
                            on:click=move |_| page.reopen_run(run.clone(), summary.clone())
                        >
                            "Continue"
                        </button>
                        <button type="button" on:click=move |_| refused.set(true)>
                            "Not now"
                        </button>
                        <button type="button" on:click=move |_| page.delete_run(dropped.clone())>
                            "Delete it"
                        </button>
                    </div>
                </div>
            }
        })
    }
}
