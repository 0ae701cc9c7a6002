//! What changes several times a second while a job works, each in a frame of its own.

use std::time::Duration;

use leptos::prelude::*;

/// The same, so many milliseconds later. Two places of the page that change in one frame make the
/// window's web view lay out and paint all of it: 55 ms without a graphics card. One after the other
/// they take 5.
pub(crate) fn later<T: Clone + PartialEq + Send + Sync + 'static>(
    milliseconds: u64,
    live: Memo<T>,
) -> Memo<T> {
    let shown = RwSignal::new(live.get_untracked());
    Effect::new(move |_| {
        live.track();
        set_timeout(
            move || {
                // By then the page may have gone further, or be gone.
                if let Some(live) = live.try_get_untracked() {
                    shown.try_set(live);
                }
            },
            Duration::from_millis(milliseconds),
        );
    });
    Memo::new(move |_| shown.get())
}
