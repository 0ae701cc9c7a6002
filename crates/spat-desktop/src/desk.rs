//! The engine's desk in this process, and the line to the page.

use std::sync::{Mutex, MutexGuard, PoisonError};

use spat_host::{DeskThread, RunsFolder};
use spat_spec::{Notice, Order, frame};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::{AppHandle, Manager as _};

use crate::settings::Settings;

/// The table of `spat demo`, whose runs have none of their own.
const DEMO: &[u8] = include_bytes!("../../spat-cli/demo/nyc-weather-2013.csv");

/// The desk that works and the page that listens, once there are.
#[derive(Default)]
pub(crate) struct Office {
    desk: Mutex<Option<DeskThread>>,
    page: Mutex<Option<Channel<InvokeResponseBody>>>,
}

/// The runs where the person wants them.
pub(crate) fn runs(app: &AppHandle) -> RunsFolder {
    RunsFolder::new(app.state::<Settings>().runs(), Some(DEMO))
}

/// Starts a desk for the page at the other end of `channel`, in the place of an earlier one.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn listen(app: &AppHandle, channel: Channel<InvokeResponseBody>) -> Result<(), String> {
    let office = app.state::<Office>();
    if let Some(earlier) = office.desk().take() {
        // A page that was loaded anew: its run can be gone on with.
        earlier.close();
    }
    *office.page() = Some(channel);
    let reach = app.clone();
    let desk = DeskThread::start(runs(app), move |notice| tell(&reach, &notice, &[]))
        .map_err(|error| format!("cannot start the engine's thread: {error}"))?;
    *office.desk() = Some(desk);
    Ok(())
}

/// Hands an order to the desk.
///
/// # Errors
/// There is none.
pub(crate) fn order(app: &AppHandle, order: Order, bytes: Option<Vec<u8>>) -> Result<(), String> {
    match &*app.state::<Office>().desk() {
        Some(desk) => {
            desk.order(order, bytes);
            Ok(())
        }
        None => Err("the engine is not started yet".to_owned()),
    }
}

/// Tells the page something, with bytes beside it. A page that is gone hears nothing.
pub(crate) fn tell(app: &AppHandle, notice: &Notice, bytes: &[u8]) {
    let page = app.state::<Office>().page().clone();
    if let (Some(page), Ok(frame)) = (page, frame(notice, bytes)) {
        page.send(InvokeResponseBody::Raw(frame)).ok();
    }
}

/// Takes the desk away, to close it.
pub(crate) fn leave(app: &AppHandle) -> Option<DeskThread> {
    app.state::<Office>().desk().take()
}

impl Office {
    fn desk(&self) -> MutexGuard<'_, Option<DeskThread>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self) -> MutexGuard<'_, Option<Channel<InvokeResponseBody>>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
