//! The engine's worker, as the page sees it: orders go in, notices come out.

use std::cell::RefCell;

use spat_wire::{Notice, Order, pack, unpack};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::state::Page;

/// The script that Trunk writes beside the worker's module.
const LOADER: &str = "./spat-worker_loader.js";

/// A message and the buffers that move with it.
type Letter = (js_sys::Array, js_sys::Array);

#[derive(Default)]
struct Line {
    worker: Option<Worker>,
    listening: bool,
    /// Orders given before the worker listened.
    waiting: Vec<Letter>,
}

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}

/// Starts the worker, or a new one in the place of one that broke.
pub(crate) fn start(page: Page) {
    hang_up();
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = match Worker::new_with_options(LOADER, &options) {
        Ok(worker) => worker,
        Err(error) => return page.broken(words(&error)),
    };
    let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        match unpack::<Notice>(&message.data()) {
            Ok((notice, _)) => {
                if notice == Notice::Ready {
                    send_waiting();
                }
                page.hear(notice);
            }
            Err(reason) => page.broken(reason),
        }
    });
    let fail = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        let message = event
            .dyn_ref::<ErrorEvent>()
            .map(ErrorEvent::message)
            .unwrap_or_else(|| "the engine's files could not be loaded".to_owned());
        page.broken(message);
    });
    worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
    // They live as long as the worker, of which there are few in a page's life.
    hear.forget();
    fail.forget();
    LINE.with_borrow_mut(|line| line.worker = Some(worker));
}

/// Ends the worker that there is.
pub(crate) fn hang_up() {
    LINE.with_borrow_mut(|line| {
        if let Some(worker) = line.worker.take() {
            worker.terminate();
        }
        line.listening = false;
        line.waiting.clear();
    });
}

/// Sends an order, now or when the worker listens.
pub(crate) fn send(order: &Order, bytes: Option<&[u8]>) {
    let Ok(letter) = pack(order, bytes) else {
        // Orders are plain data; JSON has a form for all of it.
        return;
    };
    LINE.with_borrow_mut(|line| {
        line.waiting.push(letter);
        if line.listening {
            line.post();
        }
    });
}

fn send_waiting() {
    LINE.with_borrow_mut(|line| {
        line.listening = true;
        line.post();
    });
}

impl Line {
    fn post(&mut self) {
        if let Some(worker) = &self.worker {
            for (message, buffers) in self.waiting.drain(..) {
                if let Err(error) = worker.post_message_with_transfer(&message, &buffers) {
                    web_sys::console::error_1(&error);
                }
            }
        }
    }
}

fn words(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_else(|| "this browser starts no module worker".to_owned())
}
