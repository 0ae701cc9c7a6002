//! How orders and notices ([`spat_spec::EngineRequest`], [`spat_spec::EngineMessage`]) go between the page and its
//! engine's worker.
//!
//! A message is an array of two buffers, both transferred: JSON, and bytes that are no JSON (a
//! table), often none. Beside them a page can ask its worker for a file that no storage took: by a
//! string, its name; the answer, in the order of the questions, is its bytes or null.

mod forms;
mod reader;
mod writer;

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast as _, JsValue};

pub use forms::{read_envelope, read_message};
pub use reader::{ReadError, read};
pub use spat_spec::{Engine, EngineMessage, EngineRequest};
pub use writer::write;

/// A message and the buffers to transfer with it.
///
/// # Errors
/// The value has no JSON.
pub fn pack(
    value: &impl Serialize,
    bytes: Option<&[u8]>,
) -> Result<(Array, Array), serde_json::Error> {
    let json = Uint8Array::from(write(value)?.as_bytes());
    let buffers = Array::of1(&json.buffer());
    let message = Array::of1(&json);
    if let Some(bytes) = bytes {
        let bytes = Uint8Array::from(bytes);
        buffers.push(&bytes.buffer());
        message.push(&bytes);
    }
    Ok((message, buffers))
}

/// The value of a message, and its bytes.
///
/// # Errors
/// It is no message of ours: a page and a worker of different versions.
pub fn unpack<T: DeserializeOwned>(message: &JsValue) -> Result<(T, Option<Vec<u8>>), String> {
    let (json, bytes) = buffers(message)?;
    let value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    Ok((value, bytes))
}

/// The notice of a message.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_message(message: &JsValue) -> Result<EngineMessage, String> {
    let (json, _) = buffers(message)?;
    read_message(&json).map_err(|error| error.to_string())
}

fn buffers(message: &JsValue) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
    let parts = message
        .dyn_ref::<Array>()
        .ok_or("a message that is no array")?;
    let bytes = |place| parts.get(place).dyn_into::<Uint8Array>().ok();
    let json = bytes(0).ok_or("a message without text")?;
    Ok((json.to_vec(), bytes(1).map(|bytes| bytes.to_vec())))
}
