//! Where the address points: at a lesson, at the comparison of a class, at a class's own page.

use leptos::ev;
use leptos::prelude::*;

use crate::class::Rules;
use crate::state::{Page, change_field, field_in_address, link_in_address};

/// What the address asks for beside the setup. A copy is a handle on the same signals.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The number of the open lesson; 0 is the list of lessons.
    pub(crate) lesson: RwSignal<Option<usize>>,
    /// Whether the comparison of a class is shown.
    pub(crate) class: RwSignal<bool>,
}

impl Place {
    /// Reads the address, now and whenever a link changes it.
    pub(crate) fn new(page: Page) -> Self {
        let place = Self {
            lesson: RwSignal::new(lesson()),
            class: RwSignal::new(field_in_address("class").is_some()),
        };
        let rules = Rules::in_address();
        // As long as the page.
        window_event_listener(ev::hashchange, move |_| {
            let asked = Rules::in_address();
            if asked != rules && asked != Rules::default() {
                // The link of another class: a page of its own.
                window().location().reload().ok();
                return;
            }
            // A link inside the page says nothing of the teacher's choices, which stay.
            if let Some(link) = link_in_address() {
                page.setup.set(link.setup.clone());
                page.ratio.set(link.ratio);
                page.linked.set(Some(link.data()));
            } else if rules != Rules::default() {
                page.write_address();
            }
            rules.write_address();
            place.lesson.set(lesson());
            place.class.set(field_in_address("class").is_some());
        });
        place
    }

    /// The place of the component that asks.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// Closes the lesson.
    pub(crate) fn leave_lesson(self) {
        change_field("lesson", None);
        self.lesson.set(None);
    }
}

fn lesson() -> Option<usize> {
    let value = field_in_address("lesson")?;
    Some(value.parse().unwrap_or(0))
}
