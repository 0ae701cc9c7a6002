//! The frame of one section of the app.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::focus::focus;

/// A numbered part with its heading.
#[component]
pub(crate) fn Part(
    /// The number, from 1.
    number: usize,
    /// The anchor.
    id: &'static str,
    title: &'static str,
    /// A summary in one sentence.
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

/// Follows a link to a section without changing the address, whose hash contains the setup.
pub(crate) fn go_to(event: &MouseEvent, id: &str) {
    // With a modifier, a click opens another tab.
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    if document().get_element_by_id(id).is_some() {
        event.prevent_default();
        show_part(id);
    }
}

/// Scrolls to a section and focuses it.
pub(crate) fn show_part(id: &str) {
    let Some(part) = document().get_element_by_id(id) else {
        return;
    };
    part.scroll_into_view();
    if let Some(part) = part.dyn_ref::<HtmlElement>() {
        part.set_tab_index(-1);
        focus(part);
    }
}

/// A question mark that opens an explanation.
#[component]
pub(crate) fn Help(
    /// What it explains, for screen readers.
    about: &'static str,
    /// The explanation.
    text: &'static str,
    /// Text before the question mark.
    #[prop(optional)]
    words: &'static str,
) -> impl IntoView {
    view! {
        <details class="help">
            <summary aria-label=words.is_empty().then(|| format!("Explain: {about}"))>
                <span>{words}</span>
                <span class="mark">"?"</span>
            </summary>
            <p>{text}</p>
        </details>
    }
}
