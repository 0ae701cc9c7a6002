//! 5 · What is removed, what that saves, and the button that prunes.

mod action;
mod decisions;
mod drawing;
mod granularity;
mod preview;
mod ratio;
mod savings;
mod step_link;

use leptos::prelude::*;
use spat_report::candidates;

use super::{Help, Part};
use crate::class::Lockable;
use crate::show::Show;
use crate::state::Page;

use action::Action;
use decisions::Decisions;
use drawing::Drawing;
use granularity::GranularityChoice;
use preview::{PreviewState, preview_state};
use ratio::Ratio;
use savings::Savings;

/// The section.
#[component]
pub(crate) fn PrunePart() -> impl IntoView {
    let page = Page::from_context();
    let state = Memo::new(move |_| preview_state(page));
    let ready = Memo::new(move |_| state.with(|state| matches!(state, PreviewState::Ready(_))));
    let preview = Memo::new(move |_| state.with(PreviewState::preview));
    view! {
        <Part
            number=5
            id="prune"
            title="Prune"
            lead="Choose how much of the attention to remove. The lowest scores are removed first; the savings are shown below."
        >
            <Lockable name="ratio">
                <Ratio preview />
                <GranularityChoice />
            </Lockable>
            <div class="row explain">
                <Help
                    about="pruning ratio"
                    words="How many are removed"
                    text="The ratio α is the share of all N attention modules to remove. K = α · N, rounded down, are removed, so a small ratio of few modules may remove none."
                />
                <Help
                    about="what is removed"
                    words="What is removed"
                    text="Either whole modules are removed, with query, key, value and output projections and all heads, or single heads, each with its share of these projections. The residual path around the module, both layer norms and the feed-forward part of its layer remain. Then the smaller model is trained further (fine-tuning)."
                />
            </div>
            <Show
                when=move || ready.get()
                fallback=move || view! { <NotReady state /> }
            >
                <Preliminary />
                <Savings preview />
                <Decisions preview />
                <Drawing preview />
            </Show>
            <Action />
            <Candidates />
        </Part>
    }
}

/// The reason why there is no preview.
#[component]
fn NotReady(state: Memo<PreviewState>) -> impl IntoView {
    move || {
        state.with(|state| match state {
            PreviewState::Impossible(why) => {
                let why = why.clone();
                view! {
                    <p class="error" role="alert" data-testid="prune-impossible">
                        {why}
                    </p>
                }
                .into_any()
            }
            PreviewState::NoModules(model) => view! {
                <p class="hint prune-waiting" data-testid="prune-waiting">
                    {format!("{model} has no attention modules, so there is nothing to remove.")}
                </p>
            }
            .into_any(),
            PreviewState::Automatic => view! {
                <p class="hint prune-waiting" data-testid="prune-waiting">
                    "Each candidate is fine-tuned, and the smallest within one standard error of the lowest \
                     validation error is taken. The test part is not used. To choose another, clear the checkbox \
                     and set the ratio."
                </p>
            }
            .into_any(),
            PreviewState::NoScores | PreviewState::Ready(_) => view! {
                <p class="hint prune-waiting" data-testid="prune-waiting">
                    "No scores yet. They appear while a model trains in step 3, together with a \
                     preview of the pruning."
                </p>
            }
            .into_any(),
        })
    }
}

/// The candidates that were compared, if the number of modules was chosen automatically.
#[component]
fn Candidates() -> impl IntoView {
    let page = Page::from_context();
    let html = move || {
        page.report
            .with(|report| report.as_ref().map(|report| candidates(&report.plan)))
    };
    view! { <div data-testid="candidates" inner_html=html></div> }
}

/// Whether the scores are final.
#[component]
fn Preliminary() -> impl IntoView {
    let page = Page::from_context();
    let words = move || {
        if page.trained.with(Option::is_some) {
            "Based on the scores of the whole training."
        } else {
            "Preliminary, based on the scores so far. They may change until the training ends."
        }
    };
    view! {
        <p class="hint" data-testid="prune-scores-state">
            {words}
        </p>
    }
}
