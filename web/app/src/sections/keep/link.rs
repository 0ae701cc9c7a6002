//! A link to the setup.

use leptos::prelude::*;

use crate::sections::CopyField;
use crate::state::Page;

/// The link with a copy button.
#[component]
pub(super) fn Link() -> impl IntoView {
    let page = Page::from_context();
    let address = Memo::new(move |_| {
        let hash = page.hash();
        let here = window().location().href().unwrap_or_default();
        format!("{}{hash}", here.split('#').next().unwrap_or_default())
    });
    view! {
        <CopyField
            label="Link to this setup: sizes, options, seed and how a table is read, never your data"
            name="link"
            text=address
        />
    }
}
