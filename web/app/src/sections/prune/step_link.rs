//! A link to another section.

use leptos::prelude::*;

use crate::sections::go_to;

/// The link.
#[component]
pub(super) fn StepLink(
    /// The section's anchor.
    part: &'static str,
    words: &'static str,
) -> impl IntoView {
    view! {
        <a
            href=format!("#{part}")
            data-testid=format!("to-{part}")
            on:click=move |event| go_to(&event, part)
        >
            {words}
        </a>
    }
}
