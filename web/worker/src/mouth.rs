//! From the worker to the page.

use spat_wire::{Notice, pack};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, console};

/// Posts a notice.
pub(crate) fn say(notice: &Notice) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let sent = pack(notice, None)
        .map_err(|error| JsValue::from_str(&error.to_string()))
        .and_then(|(message, buffers)| scope.post_message_with_transfer(&message, &buffers));
    if let Err(error) = sent {
        // Nobody else is left to hear it.
        console::error_1(&error);
    }
}
