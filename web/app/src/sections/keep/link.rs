//! The setup as a link.

use leptos::prelude::*;

use crate::sections::CopyField;
use crate::state::{Page, hash_of};

/// The link, to be copied.
#[component]
pub(super) fn Link() -> impl IntoView {
    let page = Page::here();
    let address = Memo::new(move |_| {
        let hash = hash_of(&page.setup.get(), page.ratio.get());
        let here = window().location().href().unwrap_or_default();
        format!("{}{hash}", here.split('#').next().unwrap_or_default())
    });
    view! {
        <CopyField
            label="Link to this setup: sizes, options and seed, never your data"
            name="link"
            text=address
        />
    }
}
