//! One button that is always the next step: a person who only follows it gets from a table to the
//! comparison.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::sections::{later, show_part};
use crate::show::Show;
use crate::state::{Activity, EngineState, Page, Training};

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There is no table.
    Table,
    /// The table and the setup do not fit together.
    Setup,
    Train,
    /// A run was stopped or failed and can be gone on with.
    GoOn,
    /// The engine works.
    Wait,
    /// It takes figures and times, which has no percent.
    Measure,
    Prune,
    Compare,
    /// The engine is broken, which a notice says.
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
    } else if page.trained.with(Option::is_some) {
        Next::Prune
    } else if page.can_go_on() {
        Next::GoOn
    } else if page.objection().is_some() {
        Next::Setup
    } else {
        Next::Train
    }
}

/// How far the engine is with its phase; 0 while it does nothing.
fn percent(page: Page) -> u32 {
    let share = page
        .training
        .with(|training| (100.0 * training.step as f64 / training.steps.max(1) as f64) as u32);
    if page.busy.get() { share.min(100) } else { 0 }
}

/// The button, in the bar that stays in sight.
#[component]
pub(super) fn NextStep() -> impl IntoView {
    let page = Page::here();
    let next = Memo::new(move |_| next(page));
    let percent = later(50, Memo::new(move |_| percent(page)));
    let words = move || match next.get() {
        Next::Table => "Choose a table".to_owned(),
        Next::Setup => "See what does not fit".to_owned(),
        Next::Train => "Train".to_owned(),
        Next::GoOn => "Go on".to_owned(),
        Next::Wait => {
            let words = match page.training.with(|training| training.activity) {
                Activity::Paused => "Paused at",
                _ => "Computing …",
            };
            format!("{words} {} %", percent.get())
        }
        Next::Measure => "Measuring …".to_owned(),
        Next::Prune => "Prune and fine-tune".to_owned(),
        Next::Compare => "See before and after".to_owned(),
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
            page.go_on();
            show_part("train");
        }
        Next::Wait | Next::Measure if page.trained.with_untracked(Option::is_some) => {
            show_part("prune");
        }
        Next::Wait | Next::Measure => show_part("train"),
        Next::Prune => {
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
