//! Controls that a teacher's link can lock.

use leptos::prelude::*;

use super::rules::Rules;

/// Its controls work, unless the teacher set them; then it says so.
#[component]
pub(crate) fn Lockable(
    /// As in the address.
    name: &'static str,
    children: Children,
) -> impl IntoView {
    if !Rules::here().locks(name) {
        return children().into_any();
    }
    let note = format!("locked-{name}");
    let id = note.clone();
    view! {
        <fieldset class="locked" disabled aria-describedby=note.clone() data-testid=note>
            <legend class="visually-hidden">"Locked"</legend>
            {children()}
            <p class="locked-note" id=id>
                "Your teacher set this."
            </p>
        </fieldset>
    }
    .into_any()
}
