//! The state of the address besides the setup: the open lesson, and whether the comparison is shown.

use leptos::ev;
use leptos::prelude::*;

use crate::class::Rules;
use crate::state::{Page, change_field, field_in_address, link_in_address};

/// Signals of the address's fields. A copy is a handle on the same signals.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// The number of the open lesson; 0 is the list of lessons.
    pub(crate) lesson: RwSignal<Option<usize>>,
    /// Whether the comparison of a class is shown.
    pub(crate) class: RwSignal<bool>,
}

impl Route {
    /// Reads the address, now and when a link changes it.
    pub(crate) fn new(page: Page) -> Self {
        let route = Self {
            lesson: RwSignal::new(lesson()),
            class: RwSignal::new(field_in_address("class").is_some()),
        };
        let rules = Rules::in_address();
        // The listener is never removed.
        window_event_listener(ev::hashchange, move |_| {
            let asked = Rules::in_address();
            if asked != rules && asked != Rules::default() {
                // A link with other rules: start again with them.
                window().location().reload().ok();
                return;
            }
            // Links inside the app contain no rules; the current ones stay.
            if let Some(link) = link_in_address() {
                page.setup.set(link.setup.clone());
                page.ratio.set(link.ratio);
                page.linked.set(Some(link.data()));
            } else if rules != Rules::default() {
                page.write_address();
            }
            rules.write_address();
            route.lesson.set(lesson());
            route.class.set(field_in_address("class").is_some());
        });
        route
    }

    /// The route in the context.
    pub(crate) fn from_context() -> Self {
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
