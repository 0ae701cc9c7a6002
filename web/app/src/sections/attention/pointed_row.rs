//! A table row of a module.

use leptos::prelude::*;
use spat_spec::ModuleId;

use crate::state::Page;

/// A row whose module is highlighted in all charts while the row is under the pointer or has the focus.
#[component]
pub(super) fn PointedRow(module: ModuleId, children: Children) -> impl IntoView {
    let page = Page::from_context();
    let module = StoredValue::new(module);
    let point = move || page.pointed.set(Some(module.get_value()));
    view! {
        <tr
            class:pointed=move || module.with_value(|module| page.is_pointed(module))
            on:pointerenter=move |_| point()
            on:pointerleave=move |_| page.pointed.set(None)
            on:focusin=move |_| point()
            on:focusout=move |_| page.pointed.set(None)
        >
            {children()}
        </tr>
    }
}
