//! Controls that a teacher's link can lock.

use leptos::prelude::*;

use super::rules::Rules;

/// A group of controls, disabled and with a note where the link locks them.
#[component]
pub(crate) fn Lockable(
    /// The name in the address's `lock` field.
    name: &'static str,
    children: Children,
) -> impl IntoView {
    if !Rules::from_context().locks(name) {
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
