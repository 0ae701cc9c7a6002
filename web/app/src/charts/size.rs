//! The width of a chart's container.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::ResizeObserver;

/// The width of an element in pixels, 0 before it is known. Follows changes, also when a hidden element
/// is shown. Charts are drawn at this width, so that their text has the same size everywhere.
pub(super) fn width_of(place: NodeRef<html::Div>) -> RwSignal<f64> {
    let width = RwSignal::new(0.0);
    let measure = move || {
        let place = place.try_get_untracked().flatten();
        let room = place.map_or(0.0, |place| f64::from(place.client_width()));
        if room > 0.0 && width.try_get_untracked().is_some_and(|known| known != room) {
            width.set(room);
        }
    };
    // Redrawing changes heights, which inside the callback would be a ResizeObserver loop.
    let observe = Closure::<dyn Fn()>::new(move || request_animation_frame(measure));
    let observer = ResizeObserver::new(observe.as_ref().unchecked_ref());
    let Ok(observer) = observer else { return width };
    let watch = StoredValue::new_local((observer, observe));
    on_cleanup(move || {
        watch.try_with_value(|(observer, _)| observer.disconnect());
    });
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            measure();
            watch.with_value(|(observer, _)| observer.observe(&place));
        }
    });
    width
}
