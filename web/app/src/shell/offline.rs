//! The page without a network: a service worker keeps its files.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::engine;

/// Registers `sw.js`. Where that is not possible the page works all the same, with a network.
pub(crate) fn keep_for_offline() {
    if engine::is_native() || engine::host().is_some() {
        // Its files are in the program; or it is nothing without its host.
        return;
    }
    let navigator = window().navigator();
    // Pages without TLS have no service workers at all.
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
