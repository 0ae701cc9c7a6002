//! The frame of one part of the page.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// A numbered part with its heading.
#[component]
pub(crate) fn Part(
    /// Its number, from 1.
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

/// Follows a link to a part. The address keeps the setup that it carries, which the browser's way of
/// following would drop.
pub(crate) fn go_to(event: &MouseEvent, id: &str) {
    // With a key held, a click opens another tab.
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    if document().get_element_by_id(id).is_some() {
        event.prevent_default();
        show_part(id);
    }
}

/// Moves the eye and the focus to a part.
pub(crate) fn show_part(id: &str) {
    let Some(part) = document().get_element_by_id(id) else {
        return;
    };
    part.scroll_into_view();
    if let Some(part) = part.dyn_ref::<HtmlElement>() {
        part.set_tab_index(-1);
        // A part that takes no focus is still in sight.
        part.focus().ok();
    }
}

/// A question mark that goes one level deeper.
#[component]
pub(crate) fn Help(
    /// What it explains, for those who hear the page.
    about: &'static str,
    /// The explanation.
    text: &'static str,
    /// Words before the question mark, where nothing else stands there.
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
