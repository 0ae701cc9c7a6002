//! From the worker to the page.

use js_sys::Uint8Array;
use spat_wire::{EngineMessage, pack};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, console};

/// Posts a file that was asked for, or that there is none.
pub(crate) fn post_file(file: Option<Vec<u8>>) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let file = match file {
        Some(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        None => JsValue::NULL,
    };
    if let Err(error) = scope.post_message(&file) {
        console::error_1(&error);
    }
}

/// Posts a notice.
pub(crate) fn post_message(message: &EngineMessage) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let sent = pack(message, None)
        .map_err(|error| JsValue::from_str(&error.to_string()))
        .and_then(|(message, buffers)| scope.post_message_with_transfer(&message, &buffers));
    if let Err(error) = sent {
        // Nobody else is left to hear it.
        console::error_1(&error);
    }
}
