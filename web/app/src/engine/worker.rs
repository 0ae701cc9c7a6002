//! The engine in a worker of this browser.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Function, Promise};
use spat_wire::{Notice, Order, pack, unpack_notice};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{ErrorEvent, Event, MessageEvent, WorkerOptions, WorkerType};

use super::Line;
use crate::state::Page;

/// The script that Trunk writes beside the worker's module.
const LOADER: &str = "./spat-worker_loader.js";

/// A message and the buffers that move with it.
type Letter = (js_sys::Array, js_sys::Array);

/// A worker, and what waits for it.
pub(super) struct Worker {
    worker: web_sys::Worker,
    /// Orders given before the worker listened; `None` once it does.
    waiting: RefCell<Option<Vec<Letter>>>,
    /// Those who asked for files, in order.
    asked: RefCell<VecDeque<Function>>,
}

impl Worker {
    /// Starts a worker, or tells the page why there is none.
    pub(super) fn start(page: Page) -> Option<Rc<Self>> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = match web_sys::Worker::new_with_options(LOADER, &options) {
            Ok(worker) => worker,
            Err(error) => {
                page.broken(words(&error));
                return None;
            }
        };
        let line = Rc::new(Self {
            worker,
            waiting: RefCell::new(Some(Vec::new())),
            asked: RefCell::default(),
        });
        let heard = Rc::clone(&line);
        let hear =
            Closure::<dyn FnMut(MessageEvent)>::new(
                move |message: MessageEvent| match unpack_notice(&message.data()) {
                    Ok(notice) => {
                        if matches!(notice, Notice::Ready) {
                            heard.send_waiting();
                        }
                        page.hear(notice);
                    }
                    // No array: a file, or that there is none.
                    Err(_) if !message.data().is_array() => heard.answer(&message.data()),
                    Err(reason) => page.broken(reason),
                },
            );
        let fail = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let message = event
                .dyn_ref::<ErrorEvent>()
                .map(ErrorEvent::message)
                .unwrap_or_else(|| "the engine's files could not be loaded".to_owned());
            page.broken(message);
        });
        line.worker
            .set_onmessage(Some(hear.as_ref().unchecked_ref()));
        line.worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
        // They live as long as the worker, of which there are few in a page's life.
        hear.forget();
        fail.forget();
        Some(line)
    }

    fn send_waiting(&self) {
        for letter in self.waiting.take().unwrap_or_default() {
            self.post(letter);
        }
    }

    fn answer(&self, file: &JsValue) {
        let asked = self.asked.borrow_mut().pop_front();
        if let Some(asked) = asked {
            asked.call1(&JsValue::UNDEFINED, file).ok();
        }
    }

    fn post(&self, (message, buffers): Letter) {
        if let Err(error) = self.worker.post_message_with_transfer(&message, &buffers) {
            web_sys::console::error_1(&error);
        }
    }
}

impl Line for Worker {
    fn send(&self, order: &Order, bytes: Option<&[u8]>) {
        let Ok(letter) = pack(order, bytes) else {
            // Orders are plain data; JSON has a form for all of it.
            return;
        };
        match &mut *self.waiting.borrow_mut() {
            Some(waiting) => waiting.push(letter),
            None => self.post(letter),
        }
    }

    fn ask_for(&self, name: &str) -> Option<Promise> {
        self.worker.post_message(&JsValue::from_str(name)).ok()?;
        Some(Promise::new(&mut |answer, _| {
            self.asked.borrow_mut().push_back(answer);
        }))
    }

    fn hang_up(&self) {
        // Whoever waits for a file waits in vain.
        self.asked.take().iter().for_each(|asked| {
            asked.call0(&JsValue::UNDEFINED).ok();
        });
        self.worker.terminate();
    }
}

fn words(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_else(|| "this browser starts no module worker".to_owned())
}
