//! What nobody sees is not drawn while a job works: in a window that paints without a graphics card
//! the drawing takes its time from the training.

use js_sys::Array;
use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use crate::state::Page;

/// How far outside the window a place still counts as seen, so that who scrolls to it finds it as it
/// is now: half a window above and below.
const MARGIN: &str = "50% 0px";

/// A drawing, made anew whenever what it shows changes; but while a job works and its place is out of
/// sight it stays as it is, and not even what it would show is computed. The first one is always made:
/// it keeps the room that those after it take.
pub(super) fn while_seen(
    place: NodeRef<html::Div>,
    draw: impl Fn() -> String + Send + Sync + 'static,
) -> Memo<String> {
    let waits = waits(place);
    Memo::new(move |drawn: Option<&String>| match drawn {
        Some(drawn) if !drawn.is_empty() && waits.get() => drawn.clone(),
        _ => draw(),
    })
}

/// Whether a drawing in this place need not be new.
fn waits(place: NodeRef<html::Div>) -> Memo<bool> {
    let page = Page::here();
    let away = away(place);
    let printed = RwSignal::new(false);
    let before = window_event_listener(ev::beforeprint, move |_| printed.set(true));
    let after = window_event_listener(ev::afterprint, move |_| printed.set(false));
    on_cleanup(move || {
        before.remove();
        after.remove();
    });
    Memo::new(move |_| away.get() && page.working.get() && !printed.get())
}

/// Whether a place is out of sight; never where the browser cannot tell.
fn away(place: NodeRef<html::Div>) -> RwSignal<bool> {
    let away = RwSignal::new(false);
    let callback = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
        // Of several the last is the newest.
        let newest: IntersectionObserverEntry = entries.pop().unchecked_into();
        // The figure may be gone by now.
        away.try_set(!newest.is_intersecting());
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(MARGIN);
    let observer =
        IntersectionObserver::new_with_options(callback.as_ref().unchecked_ref(), &options);
    let Ok(observer) = observer else { return away };
    let watch = StoredValue::new_local((observer, callback));
    on_cleanup(move || {
        watch.try_with_value(|(observer, _)| observer.disconnect());
    });
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            watch.with_value(|(observer, _)| observer.observe(&place));
        }
    });
    away
}
