//! Messages between the worker and the web app, by the structured clone of `postMessage`.
//!
//! The web app sends arrays: a request as JSON text and, if it has one, a buffer of bytes (a table),
//! which is transferred. The worker sends JSON text. Besides, the web app may send a string, the name of
//! a file that only this worker has; the answer is the file's bytes or null.

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, console};

/// The request in the data of a message, and its bytes.
///
/// # Errors
/// The data is no such request: the web app has another version.
pub(crate) fn read<T: DeserializeOwned>(data: &JsValue) -> Result<(T, Option<Vec<u8>>), String> {
    let parts: &Array = data.dyn_ref().ok_or("the message is not an array")?;
    let json = parts.get(0).as_string();
    let json = json.ok_or("the message has no text")?;
    let request = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let bytes: Option<Uint8Array> = parts.get(1).dyn_into().ok();
    Ok((request, bytes.map(|bytes| bytes.to_vec())))
}

/// Sends a message.
pub(crate) fn post(message: &impl Serialize) {
    match serde_json::to_string(message) {
        Ok(json) => post_value(&JsValue::from_str(&json)),
        Err(error) => console::error_1(&JsValue::from_str(&error.to_string())),
    }
}

/// Answers the request for a file.
pub(crate) fn post_file(file: Option<Vec<u8>>) {
    post_value(&match file {
        Some(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        None => JsValue::NULL,
    });
}

fn post_value(value: &JsValue) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    if let Err(error) = scope.post_message(value) {
        console::error_1(&error);
    }
}
