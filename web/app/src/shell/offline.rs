//! Offline use: a service worker caches the app's files.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::engine;

/// Registers `sw.js`. Without service workers the app needs a network.
pub(crate) fn register_service_worker() {
    if engine::is_native() || engine::host().is_some() {
        // The desktop app contains its files, and a host's app needs the host.
        return;
    }
    let navigator = window().navigator();
    // There are no service workers over plain HTTP.
    let has = js_sys::Reflect::has(&navigator, &JsValue::from_str("serviceWorker"));
    if has.unwrap_or(false) {
        let registered = navigator.service_worker().register("./sw.js");
        spawn_local(async move {
            if let Err(reason) = JsFuture::from(registered).await {
                web_sys::console::warn_1(&reason);
            }
        });
    }
}
