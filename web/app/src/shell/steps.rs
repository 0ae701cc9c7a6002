//! The steps of the workflow: which is current, which are done, which are next.

use leptos::prelude::*;

use super::next::NextStep;
use crate::sections::go_to;
use crate::show::Listed as _;
use crate::state::{Activity, Page};

/// Anchors and names of the sections, in order.
const STEPS: [(&str, &str); 7] = [
    ("data", "Data"),
    ("model", "Model"),
    ("train", "Train"),
    ("attention", "Attention"),
    ("prune", "Prune"),
    ("compare", "Compare"),
    ("keep", "Export"),
];

/// The state of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepState {
    Done,
    /// Waits for the user.
    Active,
    /// The engine is computing.
    Busy,
    Waiting,
}

impl StepState {
    /// The value for style sheets and tests.
    fn key(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Active => "active",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
        }
    }

    /// The text for screen readers.
    fn words(self) -> &'static str {
        match self {
            Self::Done => ", done",
            Self::Active => ", your turn",
            Self::Busy => ", computing",
            Self::Waiting => ", later",
        }
    }
}

/// The number of completed steps.
fn steps_done(page: Page) -> usize {
    let begun = page
        .training
        .with(|training| training.activity != Activity::Idle);
    if page.report.with(Option::is_some) {
        6
    } else if page.trained.with(Option::is_some) {
        4
    } else if begun {
        2
    } else {
        usize::from(page.table.with(Option::is_some))
    }
}

/// The sticky list of steps.
#[component]
pub(crate) fn Steps() -> impl IntoView {
    let page = Page::from_context();
    let done = Memo::new(move |_| steps_done(page));
    let busy = page.busy;
    let state = move |place: usize| match place.cmp(&done.get()) {
        std::cmp::Ordering::Less => StepState::Done,
        std::cmp::Ordering::Equal if busy.get() => StepState::Busy,
        std::cmp::Ordering::Equal => StepState::Active,
        std::cmp::Ordering::Greater => StepState::Waiting,
    };
    let step = move |(place, (id, name)): (usize, (&'static str, &'static str))| {
        let current = move || (place == done.get()).then_some("step");
        view! {
            <li>
                <a
                    href=format!("#{id}")
                    data-testid=format!("step-{id}")
                    data-state=move || state(place).key()
                    aria-current=current
                    on:click=move |event| go_to(&event, id)
                >
                    <span class="step-number">{place + 1}</span>
                    <span class="step-name">{name}</span>
                    <span class="visually-hidden">{move || state(place).words()}</span>
                </a>
            </li>
        }
    };
    view! {
        <nav class="steps" aria-label="Steps">
            <ol>{STEPS.into_iter().enumerate().map(step).listed()}</ol>
            <NextStep />
        </nav>
    }
}
