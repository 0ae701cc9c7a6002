//! The engine in a browser's worker: it owns the device and the shaders, takes orders from the page
//! and answers with notices.

mod desk;
mod mouth;
mod run_files;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use spat_spec::Command;
use spat_wire::{Notice, Order, unpack};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use desk::Desk;

/// An order with the bytes that came with it.
type Letter = (Order, Option<Vec<u8>>);

/// The job that is going, if one is: commands that steer it jump the queue.
type Steering = Rc<RefCell<Option<mpsc::Sender<Command>>>>;

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        mouth::say(&Notice::Broken {
            message: panic.to_string(),
        });
    }));
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let steering = Steering::default();
    let (orders, queue) = unbounded();
    listen(&scope, orders, Rc::clone(&steering));
    mouth::say(&Notice::Ready);
    wasm_bindgen_futures::spawn_local(work(queue, steering));
}

/// Takes every message: to the job that is going if it steers one, else to the queue.
fn listen(scope: &DedicatedWorkerGlobalScope, orders: UnboundedSender<Letter>, steering: Steering) {
    let take = move |message: MessageEvent| match unpack::<Order>(&message.data()) {
        Ok((Order::Command(command), _)) if steers(&command) => {
            if let Some(job) = steering.borrow().as_ref() {
                // A job that has just ended needs no steering.
                job.send(command).ok();
            }
        }
        Ok(letter) => {
            orders.unbounded_send(letter).ok();
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

fn steers(command: &Command) -> bool {
    matches!(
        command,
        Command::Pause | Command::Resume | Command::Step { .. } | Command::Stop
    )
}

/// One order after the other, to the end of the worker.
async fn work(mut queue: UnboundedReceiver<Letter>, steering: Steering) {
    let mut desk = Desk::new(steering);
    while let Some((order, bytes)) = queue.next().await {
        if let Err(error) = desk.obey(order, bytes).await {
            mouth::tell(spat_spec::Event::Failed {
                message: format!("{error:#}"),
            });
        }
    }
}
