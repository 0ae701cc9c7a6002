//! The header: what this is, where the data stay, which colours.

use leptos::prelude::*;

use super::scheme::SchemeSwitch;
use crate::engine;
use crate::lessons::LessonsLink;

/// The header. `index.html` shows the same words before the page's module is there.
#[component]
pub(crate) fn Masthead() -> impl IntoView {
    let private = engine::host().map_or_else(
        || "Your data never leave this computer".to_owned(),
        |host| format!("Your data go to {host}, which computes"),
    );
    view! {
        <header class="masthead">
            <div class="masthead-words">
                <h1 class="name">"SPAT"</h1>
                <p class="purpose">
                    "Train a small forecaster on your own table "
                    {if engine::is_native() { "on this computer" } else { "in this tab" }}
                    ", see what each attention module is worth, remove what does not earn its cost."
                </p>
            </div>
            <div class="masthead-side">
                <p class="private">{private}</p>
                <LessonsLink />
                <SchemeSwitch />
            </div>
        </header>
    }
}
