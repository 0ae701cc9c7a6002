//! The buttons and the progress of the training.

use leptos::prelude::*;

use crate::sections::model::waiting_for_place;
use crate::show::Show;
use crate::state::{Activity, EngineState, MEASURING, Page, Training};

/// Train, pause, step, stop.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let page = Page::from_context();
    let activity = Memo::new(move |_| page.training.with(|training| training.activity));
    let setup_error = Memo::new(move |_| page.setup_error());
    let reason = Memo::new(move |_| {
        if page.table.with(Option::is_none) {
            return "Load a table in step 1 first.";
        }
        if page.busy.get() {
            return "";
        }
        match (page.worker.get(), setup_error.get()) {
            (EngineState::Broken(_), _) => "The engine stopped; start a new one.",
            (_, Some(_)) => "The setup has an error; see step 2.",
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
            <Show when=move || page.can_resume_run()>
                <button type="button" data-testid="go-on" on:click=move |_| page.resume_run()>
                    "Continue"
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
        // Not a live region, since it changes several times a second. The phase below is one.
        <p class="progress-words" data-testid="progress-words">
            {move || {
                let wants = matches!(activity.get(), Activity::Starting | Activity::Running);
                let waits = match page.worker.get() {
                    EngineState::Waiting(ahead) => Some(waiting_for_place(ahead)),
                    _ => page.queue_position.get().and_then(waiting),
                };
                waits.filter(|_| wants).unwrap_or_else(|| page.training.with(words))
            }}
        </p>
        <p class="visually-hidden" role="status" data-testid="activity">
            {move || page.training.with(spoken)}
        </p>
    }
}

/// The position in a shared engine's queue.
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
        Activity::Idle => return "Not trained yet.".to_owned(),
        Activity::Starting => return "Starting …".to_owned(),
        Activity::Trained => {
            return "The dense model is trained and scored; continue with steps 4 and 5."
                .to_owned();
        }
        Activity::Finished => return "Done. The comparison is in step 6.".to_owned(),
        Activity::Failed => return "Failed; see the notices.".to_owned(),
        Activity::Stopped => {
            return "Stopped. The run can be continued.".to_owned();
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

/// The status for screen readers, without what changes often.
fn spoken(training: &Training) -> String {
    match training.activity {
        Activity::Running => training
            .phase
            .map_or("", spat_spec::Phase::title)
            .to_owned(),
        activity => format!("{activity:?}"),
    }
}
