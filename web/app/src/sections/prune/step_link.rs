//! A link to another part.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// The link. The address keeps the setup that it carries, which following the link would drop.
#[component]
pub(super) fn StepLink(
    /// The part's anchor.
    part: &'static str,
    words: &'static str,
) -> impl IntoView {
    let follow = move |event: MouseEvent| {
        // With a key held, a click opens another tab.
        let plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if let Some(target) = document().get_element_by_id(part).filter(|_| plain) {
            event.prevent_default();
            target.scroll_into_view();
        }
    };
    view! {
        <a href=format!("#{part}") data-testid=format!("to-{part}") on:click=follow>
            {words}
        </a>
    }
}
