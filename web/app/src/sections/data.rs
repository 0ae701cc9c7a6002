//! A part of the story.

use leptos::prelude::*;

/// The part.
#[component]
pub(crate) fn DataPart() -> impl IntoView {
    view! {}
}
