//! A button that always does the next step of the workflow, from a table to the comparison.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::sections::{delayed, show_part};
use crate::show::Show;
use crate::state::{Activity, EngineState, Page, Training};

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There is no table.
    Table,
    /// The setup has an error.
    Setup,
    Train,
    /// A run was stopped or failed, and can be resumed.
    GoOn,
    /// A job is running.
    Wait,
    /// The engine evaluates and measures, which has no percentage.
    Measure,
    Prune,
    /// As [`Self::Prune`], of a model without attention modules.
    Evaluate,
    Compare,
    /// The engine is broken; a notice has the reason.
    Nothing,
}

fn next(page: Page) -> Next {
    if matches!(page.worker.get(), EngineState::Broken(_)) {
        return Next::Nothing;
    }
    if page.busy.get() {
        if page.training.with(Training::is_measuring) {
            return Next::Measure;
        }
        return Next::Wait;
    }
    if page.table.with(Option::is_none) {
        Next::Table
    } else if page.report.with(Option::is_some) {
        Next::Compare
    } else if let Some(trained) = page.trained.get() {
        match trained.forecaster.modules().is_empty() {
            true => Next::Evaluate,
            false => Next::Prune,
        }
    } else if page.can_resume_run() {
        Next::GoOn
    } else if page.setup_error().is_some() {
        Next::Setup
    } else {
        Next::Train
    }
}

/// Progress of the current phase in percent; 0 without a job.
fn percent(page: Page) -> u32 {
    let share = page
        .training
        .with(|training| (100.0 * training.step as f64 / training.steps.max(1) as f64) as u32);
    if page.busy.get() { share.min(100) } else { 0 }
}

/// The button, in the sticky bar.
#[component]
pub(super) fn NextStep() -> impl IntoView {
    let page = Page::from_context();
    let next = Memo::new(move |_| next(page));
    let percent = delayed(50, Memo::new(move |_| percent(page)));
    let words = move || match next.get() {
        Next::Table => "Choose a table".to_owned(),
        Next::Setup => "Correct the setup".to_owned(),
        Next::Train => "Train".to_owned(),
        Next::GoOn => "Continue".to_owned(),
        Next::Wait => {
            let words = match page.training.with(|training| training.activity) {
                Activity::Paused => "Paused at",
                _ => "Computing …",
            };
            format!("{words} {} %", percent.get())
        }
        Next::Measure => "Measuring …".to_owned(),
        Next::Prune => "Prune and fine-tune".to_owned(),
        Next::Evaluate => "Evaluate".to_owned(),
        Next::Compare => "Compare".to_owned(),
        Next::Nothing => String::new(),
    };
    let act = move |_| match next.get_untracked() {
        Next::Table => {
            show_part("data");
            let picker = document().get_element_by_id("table-file");
            if let Some(picker) = picker.and_then(|picker| picker.dyn_into::<HtmlElement>().ok()) {
                picker.click();
            }
        }
        Next::Setup => show_part("model"),
        Next::Train => {
            page.train();
            show_part("train");
        }
        Next::GoOn => {
            page.resume_run();
            show_part("train");
        }
        Next::Wait | Next::Measure if page.trained.with_untracked(Option::is_some) => {
            show_part("prune");
        }
        Next::Wait | Next::Measure => show_part("train"),
        Next::Prune | Next::Evaluate => {
            page.prune();
            show_part("prune");
        }
        Next::Compare => show_part("compare"),
        Next::Nothing => {}
    };
    let share = move || match next.get() {
        Next::Wait => format!("{}%", percent.get()),
        _ => "0".to_owned(),
    };
    let waits = move || matches!(next.get(), Next::Wait | Next::Measure);
    view! {
        <div class="next">
            <Show when=move || next.get() != Next::Nothing>
                <button
                    type="button"
                    class="primary"
                    class:waits=waits
                    data-testid="next"
                    style:--share=share
                    on:click=act
                >
                    {words}
                </button>
            </Show>
        </div>
    }
}
