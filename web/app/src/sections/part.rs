//! The frame of one part of the story.

use leptos::prelude::*;

/// A numbered part with its heading.
#[component]
pub(crate) fn Part(
    /// Its place in the story, from 1.
    number: usize,
    /// The anchor and the start of the names of everything in it.
    id: &'static str,
    title: &'static str,
    /// One sentence that a student understands.
    lead: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="part" id=id aria-labelledby=format!("{id}-title")>
            <h2 id=format!("{id}-title")>
                <span class="number" aria-hidden="true">{number}</span>
                {title}
            </h2>
            <p class="lead">{lead}</p>
            {children()}
        </section>
    }
}

/// A question mark that goes one level deeper.
#[component]
pub(crate) fn Help(
    /// What it explains, for those who hear the page.
    about: &'static str,
    /// The explanation.
    text: &'static str,
) -> impl IntoView {
    view! {
        <details class="help">
            <summary aria-label=format!("Explain: {about}")>"?"</summary>
            <p>{text}</p>
        </details>
    }
}
