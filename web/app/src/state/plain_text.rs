//! Files that are not plain text, converted in a worker that is loaded for them only (`web/reader`).

use js_sys::{Array, Promise, Uint8Array};
use spat_series::{PlainText, ReadOptions};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

/// The script that Trunk writes next to the worker's module.
const LOADER: &str = "./spat-reader_loader.js";

/// The text of a file, and what it was before.
///
/// # Errors
/// The file cannot be read, or the worker cannot be loaded.
pub(super) async fn convert(
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Vec<u8>, PlainText<'static>), String> {
    let not_loaded = "the reader for such files could not be loaded; connect to the network, or save the table as CSV";
    let options = serde_json::to_string(options).map_err(|error| error.to_string())?;
    let file = Uint8Array::from(bytes);
    let message = Array::of2(&JsValue::from_str(&options), &file);
    let worker_options = WorkerOptions::new();
    worker_options.set_type(WorkerType::Module);
    let worker =
        Worker::new_with_options(LOADER, &worker_options).map_err(|_| not_loaded.to_owned())?;
    let mut listeners = None;
    let answer = Promise::new(&mut |resolve, reject| {
        let requests = worker.clone();
        let (message, buffer) = (message.clone(), Array::of1(&file.buffer()));
        let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            let posted = if data.is_truthy() && data.as_bool().is_some() {
                requests.post_message_with_transfer(&message, &buffer)
            } else {
                resolve.call1(&JsValue::UNDEFINED, &data).map(drop)
            };
            if let Err(error) = posted {
                web_sys::console::error_1(&error);
            }
        });
        let fail = Closure::<dyn FnMut(Event)>::new(move |_| {
            reject.call0(&JsValue::UNDEFINED).ok();
        });
        worker.set_onmessage(Some(receive.as_ref().unchecked_ref()));
        worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
        listeners = Some((receive, fail));
    });
    let answer = JsFuture::from(answer).await;
    worker.terminate();
    drop(listeners);
    let answer = answer.map_err(|_| not_loaded.to_owned())?;
    if let Some(error) = answer.as_string() {
        return Err(error);
    }
    let parts: Array = answer.dyn_into().map_err(|_| not_loaded.to_owned())?;
    let plain = parts.get(0).as_string().unwrap_or_default();
    let plain = serde_json::from_str(&plain).map_err(|error| error.to_string())?;
    Ok((Uint8Array::new(&parts.get(1)).to_vec(), plain))
}
