//! The page's frame: header, messages, the seven parts in order.

use leptos::prelude::*;

use crate::engine;
use crate::state::Page;

/// The whole page.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let page = Page::new();
    provide_context(page);
    engine::start(page);
    page.load_cards();
    page.choose_engine(page.engine.get_untracked());
    view! { <main></main> }
}
