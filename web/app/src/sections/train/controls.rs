//! The buttons, and how far it is.

use leptos::prelude::*;

use crate::show::Show;
use crate::state::{Activity, EngineState, MEASURING, Page, Training};

/// Train, pause, step, stop.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let page = Page::here();
    let activity = Memo::new(move |_| page.training.with(|training| training.activity));
    let objection = Memo::new(move |_| page.objection());
    let reason = Memo::new(move |_| {
        if page.table.with(Option::is_none) {
            return "Load a table in step 1 first.";
        }
        if page.busy.get() {
            return "";
        }
        match (page.worker.get(), objection.get()) {
            (EngineState::Broken(_), _) => "The engine stopped; start a new one.",
            (_, Some(_)) => "Step 2 says what has to be changed.",
            _ => "",
        }
    });
    let busy = page.busy;
    let paused = Memo::new(move |_| activity.get() == Activity::Paused);
    let steerable = Memo::new(move |_| {
        page.training.with(|training| {
            matches!(training.activity, Activity::Running | Activity::Paused)
                && !training.is_measuring()
        })
    });
    view! {
        <div class="row">
            <button
                type="button"
                class="primary"
                data-testid="train-start"
                disabled=move || busy.get() || !reason.get().is_empty()
                on:click=move |_| page.train()
            >
                "Train"
            </button>
            <button
                type="button"
                data-testid="pause"
                disabled=move || !steerable.get()
                on:click=move |_| if paused.get_untracked() { page.resume() } else { page.pause() }
            >
                {move || if paused.get() { "Resume" } else { "Pause" }}
            </button>
            <button
                type="button"
                data-testid="step"
                disabled=move || !paused.get()
                on:click=move |_| page.step(1)
            >
                "Step"
            </button>
            <button
                type="button"
                data-testid="stop"
                disabled=move || !steerable.get()
                on:click=move |_| page.stop()
            >
                "Stop"
            </button>
            <Show when=move || page.can_go_on()>
                <button type="button" data-testid="go-on" on:click=move |_| page.go_on()>
                    "Go on"
                </button>
            </Show>
            <span class="hint" data-testid="train-reason">
                {move || reason.get()}
            </span>
        </div>
        <progress
            class:idle=move || !busy.get()
            aria-label="Training"
            data-testid="progress"
            prop:max=move || page.training.with(|training| training.steps.max(1).to_string())
            prop:value=move || page.training.with(|training| training.step.to_string())
        ></progress>
        // Not spoken: it changes several times a second. The phase below is.
        <p class="progress-words" data-testid="progress-words">
            {move || {
                let wants = matches!(activity.get(), Activity::Starting | Activity::Running);
                let waits = page.place.get().filter(|_| wants).and_then(waiting);
                waits.unwrap_or_else(|| page.training.with(words))
            }}
        </p>
        <p class="visually-hidden" role="status" data-testid="activity">
            {move || page.training.with(spoken)}
        </p>
    }
}

/// At a shared engine, until it is this page's turn.
fn waiting(ahead: usize) -> Option<String> {
    let others = match ahead {
        0 => return None,
        1 => "one other visitor is served first".to_owned(),
        ahead => format!("{ahead} other visitors are served first"),
    };
    Some(format!("Waiting for a turn · {others}"))
}

fn words(training: &Training) -> String {
    match training.activity {
        Activity::Idle => return "Nothing is being trained yet.".to_owned(),
        Activity::Starting => return "Starting …".to_owned(),
        Activity::Trained => {
            return "The dense model is trained and scored: look at steps 4 and 5.".to_owned();
        }
        Activity::Finished => return "Done: step 6 has the comparison.".to_owned(),
        Activity::Failed => return "It failed; the notice says why.".to_owned(),
        Activity::Stopped => {
            return "Stopped. What was done is kept, and can be gone on with.".to_owned();
        }
        Activity::Running | Activity::Paused => {}
    }
    let mut words = training
        .phase
        .map_or("", spat_spec::Phase::title)
        .to_owned();
    if training.is_measuring() {
        return words + MEASURING;
    }
    words += &format!(" · epoch {} of {}", training.epoch, training.epochs.max(1));
    words += &format!(" · step {} of {}", training.step, training.steps);
    if training.activity == Activity::Paused {
        return words + " · paused";
    }
    if training.steps_per_second > 0.0 {
        words += &format!(" · {:.1} steps/s", training.steps_per_second);
        words += &format!(
            " · about {:.0} s left",
            training.eta_seconds.max(0.0).ceil()
        );
    }
    words
}

/// For those who hear the page: what changes rarely.
fn spoken(training: &Training) -> String {
    match training.activity {
        Activity::Running => training
            .phase
            .map_or("", spat_spec::Phase::title)
            .to_owned(),
        activity => format!("{activity:?}"),
    }
}
