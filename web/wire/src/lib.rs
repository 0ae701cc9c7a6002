//! What the page and its engine worker say to each other: the engine's commands and events, each
//! with the name of the run that it belongs to.
//!
//! A message is an array of two buffers, both transferred: JSON, and bytes that are no JSON (a
//! table), often none.

use js_sys::{Array, Uint8Array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spat_spec::{Command, DeviceFacts, Event};
use wasm_bindgen::{JsCast as _, JsValue};

/// The engine that a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// A real GPU where the browser offers one, the CPU otherwise.
    #[default]
    Auto,
    /// WebGPU, even by a software adapter.
    Gpu,
    /// WebAssembly.
    Cpu,
}

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Which device would compute? Answered by [`Notice::Device`].
    Find {
        /// What is asked for.
        engine: Engine,
    },
    /// Take up a run; its table comes as the message's bytes, or lies in the browser's store.
    Open {
        /// The run's name in the store.
        run: String,
        /// The table's file name.
        table: String,
        /// Where to compute.
        engine: Engine,
    },
    /// A command to the run that is open.
    Command(Command),
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// The worker listens. Anything sent before is lost.
    Ready,
    /// The answer to [`Order::Find`].
    Device {
        /// What computes.
        facts: DeviceFacts,
        /// Why it is not what was asked for, where it is not.
        reason: Option<String>,
    },
    /// An event of the open run.
    Event(Box<Event>),
    /// The run is not kept: this browser offers no storage to the page.
    NotKept {
        /// The browser's words.
        reason: String,
    },
    /// The worker can do no more; a new one is needed.
    Broken {
        /// What it said last.
        message: String,
    },
}

/// A message and the buffers to transfer with it.
///
/// # Errors
/// The value has no JSON.
pub fn pack(
    value: &impl Serialize,
    bytes: Option<&[u8]>,
) -> Result<(Array, Array), serde_json::Error> {
    let json = Uint8Array::from(serde_json::to_vec(value)?.as_slice());
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
    let parts = message
        .dyn_ref::<Array>()
        .ok_or("a message that is no array")?;
    let bytes = |place| parts.get(place).dyn_into::<Uint8Array>().ok();
    let json = bytes(0).ok_or("a message without text")?;
    let value = serde_json::from_slice(&json.to_vec()).map_err(|error| error.to_string())?;
    Ok((value, bytes(1).map(|bytes| bytes.to_vec())))
}
