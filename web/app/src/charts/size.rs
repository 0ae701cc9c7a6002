//! When drawings must be made anew because their room has changed.

use leptos::ev;
use leptos::prelude::*;

/// Notifies whenever the window's size changes. Drawings are made as wide as their place is, so
/// that their words have the same size everywhere.
#[derive(Clone, Copy)]
pub(crate) struct Resized(Trigger);

impl Resized {
    /// Listens to the window, for as long as the page lives, and hands it to all figures.
    pub(crate) fn provide() {
        let resized = Self(Trigger::new());
        provide_context(resized);
        window_event_listener(ev::resize, move |_| resized.0.notify());
    }

    /// The one of the component that asks.
    pub(super) fn here() -> Self {
        expect_context()
    }

    /// Has the effect that calls run again when the size changes.
    pub(super) fn track(self) {
        self.0.track();
    }
}
