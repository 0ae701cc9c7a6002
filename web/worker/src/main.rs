//! The engine in a browser's worker: a desk that owns the device and the shaders, takes orders from
//! the page and answers with notices. Started under another name it is a worker for studies.

mod mouth;
mod run_files;
mod study;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use spat_engine::desk::{Desk, Steering};
use spat_wire::{Notice, Order, unpack};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, console};

use run_files::{BrowserShelf, Memory};

/// An order with the bytes that came with it.
type Letter = (Order, Option<Vec<u8>>);

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        mouth::say(&Notice::Broken {
            message: panic.to_string(),
        });
    }));
    if let Err(error) = spat_web_vectors::fuse_products() {
        // Slower, and no less right.
        console::warn_1(&error);
    }
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    if scope.name() == study::NAME {
        return study::serve(&scope);
    }
    let steering = Steering::default();
    let (orders, queue) = unbounded();
    let memory = Memory::default();
    listen(&scope, orders, steering.clone(), memory.clone());
    mouth::say(&Notice::Ready);
    let shelf = BrowserShelf { memory };
    wasm_bindgen_futures::spawn_local(work(queue, steering, shelf));
}

/// Takes every message: to the job that is going if it steers one, else to the queue. A name alone
/// asks for a file that only this worker has.
fn listen(
    scope: &DedicatedWorkerGlobalScope,
    orders: UnboundedSender<Letter>,
    steering: Steering,
    memory: Memory,
) {
    let take = move |message: MessageEvent| match unpack::<Order>(&message.data()) {
        _ if message.data().is_string() => {
            let name = message.data().as_string().unwrap_or_default();
            mouth::give(memory.file(&name));
        }
        Ok((order, bytes)) => {
            if let Some(order) = steering.divert(order) {
                orders.unbounded_send((order, bytes)).ok();
            }
        }
        Err(reason) => mouth::say(&Notice::Broken {
            message: format!(
                "the page and its engine do not fit together ({reason}); reload the page"
            ),
        }),
    };
    let take = Closure::<dyn FnMut(MessageEvent)>::new(take);
    scope.set_onmessage(Some(take.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    take.forget();
}

/// One order after the other, to the end of the worker.
async fn work(mut queue: UnboundedReceiver<Letter>, steering: Steering, shelf: BrowserShelf) {
    let mut desk = Desk::new(shelf, steering, |notice| mouth::say(&notice));
    while let Some((order, bytes)) = queue.next().await {
        desk.obey(order, bytes).await;
    }
}
