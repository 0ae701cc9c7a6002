//! A browser worker that turns files which are not plain text into plain text, one at a time.
//!
//! Messages are described in this crate's README.

use js_sys::{Array, JsString, Uint8Array};
use spat_series::{ReadOptions, plain_text};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, console};

fn main() {
    std::panic::set_hook(Box::new(console_error_panic_hook::hook));
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(|message: MessageEvent| {
        let answer = read(&message.data()).unwrap_or_else(|error| JsValue::from_str(&error));
        post(&answer);
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    // The page sends nothing before.
    post(&JsValue::TRUE);
}

/// The answer to a message.
///
/// # Errors
/// The file cannot be read, or the message has another form.
fn read(message: &JsValue) -> Result<JsValue, String> {
    let parts: &Array = message.dyn_ref().ok_or("the message is not an array")?;
    let options: JsString = parts.get(0).dyn_into().map_err(|_| "no options")?;
    let options: ReadOptions =
        serde_json::from_str(&String::from(options)).map_err(|error| error.to_string())?;
    let bytes: Uint8Array = parts.get(1).dyn_into().map_err(|_| "no file")?;
    let bytes = bytes.to_vec();
    let plain = plain_text(&bytes, &options).map_err(|error| error.to_string())?;
    let json = serde_json::to_string(&plain).map_err(|error| error.to_string())?;
    let text = Uint8Array::from(plain.text.as_bytes());
    Ok(Array::of2(&JsValue::from_str(&json), &text).into())
}

fn post(message: &JsValue) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    if let Err(error) = scope.post_message(message) {
        console::error_1(&error);
    }
}
