//! Selection of the test window.

use leptos::prelude::*;

use crate::state::Page;

/// Least milliseconds between two requests while the slider is dragged.
const THROTTLE_MS: f64 = 150.0;

/// A slider over the test range, with a button for either direction.
#[component]
pub(super) fn Scrubber() -> impl IntoView {
    let page = Page::from_context();
    let shown = Memo::new(move |_| {
        page.sample
            .with(|sample| sample.as_ref().map_or(0, |sample| sample.window))
    });
    let last = Memo::new(move |_| page.test_windows.get().saturating_sub(1));
    // A saved example has one window and no model to forecast another.
    let busy = Memo::new(move |_| page.saved.with(Option::is_some) || page.busy.get());
    let asked = StoredValue::new(0.0_f64);
    let show = move |window: usize| page.show_window(window.min(last.get_untracked()));
    view! {
        <div class="scrubber">
            <button
                type="button"
                aria-label="Window before"
                data-testid="window-before"
                disabled=move || busy.get() || shown.get() == 0
                on:click=move |_| show(shown.get_untracked().saturating_sub(1))
            >
                "‹"
            </button>
            <label class="field wide">
                {move || format!("Test window {} of {}", shown.get() + 1, last.get() + 1)}
                <input
                    type="range"
                    min="0"
                    data-testid="window"
                    disabled=move || busy.get()
                    prop:max=move || last.get().to_string()
                    prop:value=move || shown.get().to_string()
                    on:input:target=move |event| {
                        let now = js_sys::Date::now();
                        if now - asked.get_value() > THROTTLE_MS {
                            asked.set_value(now);
                            show(event.target().value().parse().unwrap_or(0));
                        }
                    }
                    on:change:target=move |event| show(event.target().value().parse().unwrap_or(0))
                />
            </label>
            <button
                type="button"
                aria-label="Window after"
                data-testid="window-after"
                disabled=move || busy.get() || (shown.get() >= last.get())
                on:click=move |_| show(shown.get_untracked() + 1)
            >
                "›"
            </button>
        </div>
    }
}
