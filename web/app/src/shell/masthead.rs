//! The header: what this is, where the data stay, which colours.

use leptos::prelude::*;

use super::scheme::SchemeSwitch;
use crate::lessons::LessonsLink;

/// The header. `index.html` shows the same words before the page's module is there.
#[component]
pub(crate) fn Masthead() -> impl IntoView {
    view! {
        <header class="masthead">
            <div class="masthead-words">
                <h1 class="name">"SPAT"</h1>
                <p class="purpose">
                    "Train a small forecaster on your own table in this tab, see what each \
                     attention module is worth, remove what does not earn its cost."
                </p>
            </div>
            <div class="masthead-side">
                <p class="private">"Your data never leave this computer"</p>
                <LessonsLink />
                <SchemeSwitch />
            </div>
        </header>
    }
}
