//! 5 · What goes, what that saves, and the button that does it.

mod action;
mod decisions;
mod drawing;
mod granularity;
mod preview;
mod ratio;
mod savings;
mod step_link;

use leptos::prelude::*;

use super::{Help, Part};
use crate::class::Lockable;
use crate::show::Show;
use crate::state::Page;

use action::Action;
use decisions::Decisions;
use drawing::Drawing;
use granularity::GranularityChoice;
use preview::{Outlook, outlook};
use ratio::Ratio;
use savings::Savings;

/// The part.
#[component]
pub(crate) fn PrunePart() -> impl IntoView {
    let page = Page::here();
    let outlook = Memo::new(move |_| outlook(page));
    let ready = Memo::new(move |_| outlook.with(|outlook| matches!(outlook, Outlook::Ready(_))));
    let preview = Memo::new(move |_| outlook.with(Outlook::preview));
    view! {
        <Part
            number=5
            id="prune"
            title="Prune what scores low"
            lead="Choose how much of the attention to remove. What has the lowest score goes first; you see at once what that saves."
        >
            <Lockable name="ratio">
                <Ratio preview />
                <GranularityChoice />
            </Lockable>
            <div class="row explain">
                <Help
                    about="pruning ratio"
                    words="How many go"
                    text="The ratio α is the share of all N attention modules to remove. K = α · N, rounded down, go: never more than you asked for. So a small ratio of few modules may remove none."
                />
                <Help
                    about="what is removed"
                    words="What is removed"
                    text="A module goes as a whole: its query, key, value and output projections, with all heads; or single heads go, each with its share of these projections. The residual path around it, both layer norms and the feed-forward part of its layer stay. Then the smaller model is trained on for a while (fine-tuning)."
                />
            </div>
            <Show
                when=move || ready.get()
                fallback=move || view! { <NotReady outlook /> }
            >
                <Preliminary />
                <Savings preview />
                <Decisions preview />
                <Drawing preview />
            </Show>
            <Action />
        </Part>
    }
}

/// Why there is no preview.
#[component]
fn NotReady(outlook: Memo<Outlook>) -> impl IntoView {
    move || {
        outlook.with(|outlook| match outlook {
            Outlook::Impossible(why) => {
                let why = why.clone();
                view! {
                    <p class="error" role="alert" data-testid="prune-impossible">
                        {why}
                    </p>
                }
                .into_any()
            }
            Outlook::NoModules(model) => view! {
                <p class="hint prune-waiting" data-testid="prune-waiting">
                    {format!("{model} has no attention modules, so there is nothing to remove.")}
                </p>
            }
            .into_any(),
            Outlook::NoScores | Outlook::Ready(_) => view! {
                <p class="hint prune-waiting" data-testid="prune-waiting">
                    "No scores yet. They appear while a model trains in step 3, and with them a \
                     preview of what would go."
                </p>
            }
            .into_any(),
        })
    }
}

/// Says so while the scores still move.
#[component]
fn Preliminary() -> impl IntoView {
    let page = Page::here();
    let words = move || {
        if page.trained.with(Option::is_some) {
            "By the scores of the whole training."
        } else {
            "Preliminary: by the scores so far. They may change until the training ends."
        }
    };
    view! {
        <p class="hint" data-testid="prune-scores-state">
            {words}
        </p>
    }
}
