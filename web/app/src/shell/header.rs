//! The header: purpose, privacy, lessons, colour scheme.

use leptos::prelude::*;

use super::scheme::SchemeSwitch;
use crate::engine;
use crate::lessons::LessonsLink;

/// The header. `index.html` has the same text until the app's module is loaded.
#[component]
pub(crate) fn Header() -> impl IntoView {
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
                    ", score its attention modules, and remove the least important."
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
