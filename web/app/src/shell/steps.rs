//! The steps of the story: where the person is, what is done, what comes.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::state::{Activity, Page};

/// Anchors and names of the parts, in their order.
const STEPS: [(&str, &str); 7] = [
    ("data", "Data"),
    ("model", "Model"),
    ("train", "Train"),
    ("attention", "Attention"),
    ("prune", "Prune"),
    ("compare", "Compare"),
    ("keep", "Keep"),
];

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepState {
    Done,
    /// The person's turn.
    Active,
    /// The engine's turn.
    Busy,
    Waiting,
}

impl StepState {
    /// For style sheets and tests.
    fn key(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Active => "active",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
        }
    }

    /// For those who hear the page.
    fn words(self) -> &'static str {
        match self {
            Self::Done => ", done",
            Self::Active => ", your turn",
            Self::Busy => ", computing",
            Self::Waiting => ", later",
        }
    }
}

/// How many steps from the first on are done.
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

/// The list of steps, which stays in sight.
#[component]
pub(crate) fn Steps() -> impl IntoView {
    let page = Page::here();
    let done = Memo::new(move |_| steps_done(page));
    let busy = Memo::new(move |_| page.training.with(|training| training.activity.is_busy()));
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
            <ol>{STEPS.into_iter().enumerate().map(step).collect_view()}</ol>
        </nav>
    }
}

/// Moves the eye and the focus to a part. The address keeps the setup that it carries, which
/// following the link would drop.
pub(crate) fn go_to(event: &MouseEvent, id: &str) {
    // With a key held, a click opens another tab.
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    let Some(part) = document().get_element_by_id(id) else {
        return;
    };
    event.prevent_default();
    part.scroll_into_view();
    if let Some(part) = part.dyn_ref::<HtmlElement>() {
        part.set_tab_index(-1);
        // A part that takes no focus is still in sight.
        part.focus().ok();
    }
}
