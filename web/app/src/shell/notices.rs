//! Notices, at the window's lower edge, so that they do not shift the layout.

use leptos::prelude::*;

use crate::show::{Listed as _, Show};
use crate::state::{Activity, EngineState, Page};

/// A banner if the engine is broken, and the engine's messages.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    view! {
        <aside class="notices" aria-label="Notices">
            <BrokenEngine />
            <Messages />
        </aside>
    }
}

/// Why the engine stopped, and buttons to continue.
#[component]
fn BrokenEngine() -> impl IntoView {
    let page = Page::from_context();
    let reason = Memo::new(move |_| match page.worker.get() {
        EngineState::Broken(reason) => Some(reason),
        EngineState::Loading | EngineState::Waiting(_) | EngineState::Ready => None,
    });
    // A run without a summary cannot be resumed.
    let can_resume_run = Memo::new(move |_| page.open_summary().is_some());
    view! {
        <div role="alert">
            <Show when=move || reason.get().is_some()>
                <div class="banner" data-testid="engine-broken">
                    <p>
                        <strong>"The engine has stopped. "</strong>
                        {move || reason.get()}
                    </p>
                    <div class="row">
                        <Show when=move || can_resume_run.get()>
                            <button
                                type="button"
                                class="primary"
                                data-testid="engine-go-on"
                                on:click=move |_| page.resume_run()
                            >
                                "Continue the run"
                            </button>
                        </Show>
                        <button
                            type="button"
                            data-testid="engine-renew"
                            on:click=move |_| page.restart_engine()
                        >
                            "Start a new engine"
                        </button>
                    </div>
                </div>
            </Show>
        </div>
    }
}

/// Warnings and failures, each until it is dismissed.
#[component]
fn Messages() -> impl IntoView {
    let page = Page::from_context();
    let messages = page.messages;
    let failed = Memo::new(move |_| {
        page.training
            .with(|training| training.activity == Activity::Failed)
    });
    let dismiss = move |place: usize| {
        messages.update(|messages| {
            if place < messages.len() {
                messages.remove(place);
            }
        });
    };
    let shown = move || {
        let newest_first = messages.get().into_iter().enumerate().rev();
        newest_first
            .map(|(place, message)| {
                view! {
                    <div class="message" data-testid="message">
                        <p>{message}</p>
                        <button
                            type="button"
                            class="quiet"
                            aria-label="Dismiss this message"
                            data-testid="dismiss"
                            on:click=move |_| dismiss(place)
                        >
                            "×"
                        </button>
                    </div>
                }
            })
            .listed()
    };
    let several = move || messages.with(|messages| messages.len() > 1);
    view! {
        <div
            class="messages"
            data-testid="messages"
            role=move || if failed.get() { "alert" } else { "status" }
        >
            <Show when=several>
                <button
                    type="button"
                    class="quiet"
                    data-testid="dismiss-all"
                    on:click=move |_| messages.set(Vec::new())
                >
                    "Dismiss all"
                </button>
            </Show>
            {shown}
        </div>
    }
}
