//! The engine as the page sees it: orders go in, notices come out. Where it computes is found out
//! once, when the page starts.

mod locks;
mod native;
mod runs;
mod socket;
mod worker;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use spat_spec::Order;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;

use crate::state::Page;

pub(crate) use locks::{held_runs, hold_open_run};
pub(crate) use native::{change_runs_folder, is_native, pick_table, runs_folder, save, show_runs};
pub(crate) use runs::Runs;
pub(crate) use socket::host;

/// The way to an engine.
trait Line {
    /// Sends an order, now or when the engine listens.
    fn send(&self, order: &Order, bytes: Option<&[u8]>);
    /// Asks for a file that the engine has only in memory; `None` where all are kept.
    fn ask_for(&self, _name: &str) -> Option<Promise> {
        None
    }
    /// Ends the engine.
    fn hang_up(&self);
}

thread_local! {
    static LINE: RefCell<Option<Rc<dyn Line>>> = const { RefCell::new(None) };
}

/// Starts the engine, or a new one in the place of one that broke.
pub(crate) fn start(page: Page) {
    if let Some(old) = LINE.take() {
        old.hang_up();
    }
    let line: Option<Rc<dyn Line>> = if is_native() {
        native::Native::start(page).map(|line| line as Rc<dyn Line>)
    } else if host().is_some() {
        socket::Socket::start(page).map(|line| line as Rc<dyn Line>)
    } else {
        worker::Worker::start(page).map(|line| line as Rc<dyn Line>)
    };
    LINE.set(line);
}

/// Sends an order. After an engine that could not start nobody hears it; the page has said so.
pub(crate) fn send(order: &Order, bytes: Option<&[u8]>) {
    if let Some(line) = LINE.with_borrow(Clone::clone) {
        line.send(order, bytes);
    }
}

/// A file of the open run that no storage took.
pub(crate) async fn unkept(name: &str) -> Option<Vec<u8>> {
    let asked = LINE.with_borrow(Clone::clone)?.ask_for(name)?;
    let file: Uint8Array = JsFuture::from(asked).await.ok()?.dyn_into().ok()?;
    Some(file.to_vec())
}
