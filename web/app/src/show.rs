//! Conditional views and lists that are compiled once, to keep the module small.

use leptos::children::ViewFn;
use leptos::prelude::*;

/// Like Leptos's `Show`, which is compiled separately for every type of content.
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

/// Conversion of an iterator of views to a list.
pub(crate) trait Listed {
    /// Like Leptos's `collect_view`, with type-erased views.
    fn listed(self) -> Vec<AnyView>;
}

impl<V: IntoAny, I: IntoIterator<Item = V>> Listed for I {
    fn listed(self) -> Vec<AnyView> {
        self.into_iter().map(IntoAny::into_any).collect()
    }
}
