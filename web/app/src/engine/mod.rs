//! The connection to the engine: requests in, messages out. Which kind of engine is used is decided
//! when the app starts.

mod locks;
mod native;
mod runs;
mod socket;
mod worker;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use spat_spec::EngineRequest;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;

use crate::state::Page;

pub(crate) use locks::{held_runs, hold_open_run};
pub(crate) use native::{change_runs_folder, is_native, pick_table, runs_folder, save, show_runs};
pub(crate) use runs::Runs;
pub(crate) use socket::host;

/// A connection to an engine.
trait EngineConnection {
    /// Sends a request, or queues it until the engine is ready.
    fn send(&self, request: &EngineRequest, bytes: Option<&[u8]>);
    /// Requests a file that the engine has only in memory; `None` where all files are stored.
    fn request_file(&self, _name: &str) -> Option<Promise> {
        None
    }
    /// Ends the engine.
    fn close(&self);
}

thread_local! {
    static CONNECTION: RefCell<Option<Rc<dyn EngineConnection>>> = const { RefCell::new(None) };
}

/// Starts an engine, and closes the one before it.
pub(crate) fn start(page: Page) {
    if let Some(old) = CONNECTION.take() {
        old.close();
    }
    let connection: Option<Rc<dyn EngineConnection>> = if is_native() {
        native::Native::start(page).map(|connection| connection as Rc<dyn EngineConnection>)
    } else if host().is_some() {
        socket::Socket::start(page).map(|connection| connection as Rc<dyn EngineConnection>)
    } else {
        worker::Worker::start(page).map(|connection| connection as Rc<dyn EngineConnection>)
    };
    CONNECTION.set(connection);
}

/// Sends a request. Dropped if the engine could not start, which has been reported.
pub(crate) fn send(request: &EngineRequest, bytes: Option<&[u8]>) {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        connection.send(request, bytes);
    }
}

/// A file of the open run that could not be stored.
pub(crate) async fn unsaved_file(name: &str) -> Option<Vec<u8>> {
    let promise = CONNECTION.with_borrow(Clone::clone)?.request_file(name)?;
    let file: Uint8Array = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    Some(file.to_vec())
}
