//! The engine in a browser worker.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Uint8Array};
use spat_spec::{EngineMessage, EngineRequest};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{ErrorEvent, Event, MessageEvent, WorkerOptions, WorkerType};

use super::EngineConnection;
use crate::state::Page;

/// The script that Trunk writes next to the worker's module.
const LOADER: &str = "./spat-worker_loader.js";

/// A request with its bytes, and the buffers to transfer.
type QueuedRequest = (Array, Array);

/// A worker, with queued requests.
pub(super) struct Worker {
    worker: web_sys::Worker,
    /// Requests sent before the worker is ready; `None` once it is.
    waiting: RefCell<Option<Vec<QueuedRequest>>>,
    /// Resolvers of the pending file requests, in order.
    file_requests: RefCell<VecDeque<Function>>,
}

impl Worker {
    /// Starts a worker; reports the reason if that fails.
    pub(super) fn start(page: Page) -> Option<Rc<Self>> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = match web_sys::Worker::new_with_options(LOADER, &options) {
            Ok(worker) => worker,
            Err(error) => {
                page.on_broken(words(&error));
                return None;
            }
        };
        let connection = Rc::new(Self {
            worker,
            waiting: RefCell::new(Some(Vec::new())),
            file_requests: RefCell::default(),
        });
        let listener = Rc::clone(&connection);
        let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let Some(json) = message.data().as_string() else {
                // A file, or null.
                return listener.answer(&message.data());
            };
            match serde_json::from_str(&json) {
                Ok(message) => {
                    if matches!(message, EngineMessage::Ready) {
                        listener.send_waiting();
                    }
                    page.handle_message(message);
                }
                Err(error) => page.on_broken(error.to_string()),
            }
        });
        let fail = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let message = event
                .dyn_ref::<ErrorEvent>()
                .map(ErrorEvent::message)
                .unwrap_or_else(|| "the engine's files could not be loaded".to_owned());
            page.on_broken(message);
        });
        connection
            .worker
            .set_onmessage(Some(receive.as_ref().unchecked_ref()));
        connection
            .worker
            .set_onerror(Some(fail.as_ref().unchecked_ref()));
        // Leaked once per worker; few are started.
        receive.forget();
        fail.forget();
        Some(connection)
    }

    fn send_waiting(&self) {
        for request in self.waiting.take().unwrap_or_default() {
            self.post(request);
        }
    }

    fn answer(&self, file: &JsValue) {
        let resolver = self.file_requests.borrow_mut().pop_front();
        if let Some(resolver) = resolver {
            resolver.call1(&JsValue::UNDEFINED, file).ok();
        }
    }

    fn post(&self, (message, buffers): QueuedRequest) {
        if let Err(error) = self.worker.post_message_with_transfer(&message, &buffers) {
            web_sys::console::error_1(&error);
        }
    }
}

impl EngineConnection for Worker {
    fn send(&self, request: &EngineRequest, bytes: Option<&[u8]>) {
        let Ok(json) = serde_json::to_string(request) else {
            // Requests are plain data and always have JSON.
            return;
        };
        let (message, buffers) = (Array::of1(&JsValue::from_str(&json)), Array::new());
        if let Some(bytes) = bytes {
            let bytes = Uint8Array::from(bytes);
            buffers.push(&bytes.buffer());
            message.push(&bytes);
        }
        let request = (message, buffers);
        match &mut *self.waiting.borrow_mut() {
            Some(waiting) => waiting.push(request),
            None => self.post(request),
        }
    }

    fn request_file(&self, name: &str) -> Option<Promise> {
        self.worker.post_message(&JsValue::from_str(name)).ok()?;
        Some(Promise::new(&mut |answer, _| {
            self.file_requests.borrow_mut().push_back(answer);
        }))
    }

    fn close(&self) {
        // Pending file requests resolve without a file.
        self.file_requests.take().iter().for_each(|resolver| {
            resolver.call0(&JsValue::UNDEFINED).ok();
        });
        self.worker.terminate();
    }
}

fn words(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_else(|| "this browser could not start a module worker".to_owned())
}
