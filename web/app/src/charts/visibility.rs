//! Charts that are not visible are not redrawn while a job runs: in a web view that paints without a
//! graphics card, drawing takes CPU time from the training.

use js_sys::Array;
use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use crate::state::Page;

/// Charts up to half a viewport above and below count as visible, so scrolling shows them up to date.
const MARGIN: &str = "50% 0px";

/// A chart that is redrawn when its data changes, except while a job runs and it is not visible; then its
/// data is not computed either. The first drawing is always made, since it reserves the space.
pub(super) fn redraw_while_visible(
    place: NodeRef<html::Div>,
    draw: impl Fn() -> String + Send + Sync + 'static,
) -> Memo<String> {
    let may_be_stale = may_be_stale(place);
    Memo::new(move |drawn: Option<&String>| match drawn {
        Some(drawn) if !drawn.is_empty() && may_be_stale.get() => drawn.clone(),
        _ => draw(),
    })
}

/// Whether a chart in this element may be out of date.
fn may_be_stale(place: NodeRef<html::Div>) -> Memo<bool> {
    let page = Page::from_context();
    let hidden = hidden(place);
    let printed = RwSignal::new(false);
    let before = window_event_listener(ev::beforeprint, move |_| printed.set(true));
    let after = window_event_listener(ev::afterprint, move |_| printed.set(false));
    on_cleanup(move || {
        before.remove();
        after.remove();
    });
    Memo::new(move |_| hidden.get() && page.working.get() && !printed.get())
}

/// Whether an element is not visible; `false` without `IntersectionObserver`.
fn hidden(place: NodeRef<html::Div>) -> RwSignal<bool> {
    let hidden = RwSignal::new(false);
    let callback = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
        // The last entry is the newest.
        let newest: IntersectionObserverEntry = entries.pop().unchecked_into();
        // The figure may have been removed by now.
        hidden.try_set(!newest.is_intersecting());
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(MARGIN);
    let observer =
        IntersectionObserver::new_with_options(callback.as_ref().unchecked_ref(), &options);
    let Ok(observer) = observer else {
        return hidden;
    };
    let watch = StoredValue::new_local((observer, callback));
    on_cleanup(move || {
        watch.try_with_value(|(observer, _)| observer.disconnect());
    });
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            watch.with_value(|(observer, _)| observer.observe(&place));
        }
    });
    hidden
}
