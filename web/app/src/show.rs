//! What is there only under a condition, and lists: each compiled once for the whole page.

use leptos::children::ViewFn;
use leptos::prelude::*;

/// Leptos's own, but one for the whole page: that one is compiled anew for whatever it shows.
#[component]
pub(crate) fn Show<W>(
    when: W,
    children: ChildrenFn,
    #[prop(optional, into)] fallback: ViewFn,
) -> impl IntoView
where
    W: Fn() -> bool + Send + Sync + 'static,
{
    shown(Box::new(when), children, fallback)
}

fn shown(
    when: Box<dyn Fn() -> bool + Send + Sync>,
    children: ChildrenFn,
    fallback: ViewFn,
) -> AnyView {
    let when = Memo::new(move |_| when());
    (move || {
        if when.get() {
            children()
        } else {
            fallback.run()
        }
    })
    .into_any()
}

/// Many views as a list.
pub(crate) trait Listed {
    /// Like Leptos's `collect_view`, and likewise one for the whole page.
    fn listed(self) -> Vec<AnyView>;
}

impl<V: IntoAny, I: IntoIterator<Item = V>> Listed for I {
    fn listed(self) -> Vec<AnyView> {
        self.into_iter().map(IntoAny::into_any).collect()
    }
}
