//! Delays of signals that change several times a second, so that each is rendered in its own frame.

use std::time::Duration;

use leptos::prelude::*;

/// The same value, `milliseconds` delayed. When two places change in one frame, the desktop app's web view
/// lays out and paints everything: 55 ms without a graphics card. One after the other they take 5 ms.
pub(crate) fn delayed<T: Clone + PartialEq + Send + Sync + 'static>(
    milliseconds: u64,
    live: Memo<T>,
) -> Memo<T> {
    let shown = RwSignal::new(live.get_untracked());
    Effect::new(move |_| {
        live.track();
        set_timeout(
            move || {
                // The value may have changed by then, or be disposed.
                if let Some(live) = live.try_get_untracked() {
                    shown.try_set(live);
                }
            },
            Duration::from_millis(milliseconds),
        );
    });
    Memo::new(move |_| shown.get())
}
