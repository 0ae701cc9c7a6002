//! The engine's desk in this process, and the line to the page.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Instant;

use spat_engine::desk::{Kept, NewRun, Shelf, ShelfError};
use spat_host::{DeskThread, RunFolder, RunsFolder};
use spat_spec::{DeviceFacts, Event, Experiment, Notice, Order, frame};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::{AppHandle, Manager as _};

use crate::pace::Pace;
use crate::settings::Settings;
use crate::survey;

/// The table of `spat demo`, whose runs have none of their own.
const DEMO: &[u8] = include_bytes!("../../spat-cli/demo/nyc-weather-2013.csv");

/// The desk that works and the page that listens, once there are.
pub(crate) struct Office {
    desk: Mutex<Option<DeskThread>>,
    page: Mutex<Option<Channel<InvokeResponseBody>>>,
    given: AtomicBool,
    surveyed: Once,
}

/// The runs where the person wants them.
pub(crate) fn runs(app: &AppHandle) -> RunsFolder {
    RunsFolder::new(
        app.state::<Settings>().runs(),
        "the window (spat-desktop)",
        Some(DEMO),
    )
}

/// The desk's shelf: a run stays where it was begun, the next one goes where runs are kept by then.
struct Chosen {
    app: AppHandle,
    open: RunsFolder,
}

impl Chosen {
    fn new(app: &AppHandle) -> Self {
        Self {
            app: app.clone(),
            open: runs(app),
        }
    }
}

impl Shelf for Chosen {
    type Files = RunFolder;

    async fn begin(&mut self, run: NewRun<'_>) -> Result<Kept<RunFolder>, ShelfError> {
        self.open = runs(&self.app);
        self.open.begin(run).await
    }

    async fn resume(&mut self, run: &str) -> Result<(Kept<RunFolder>, Vec<u8>), ShelfError> {
        self.open = runs(&self.app);
        self.open.resume(run).await
    }

    async fn command(
        &self,
        run: &str,
        experiment: &Experiment,
        device: &DeviceFacts,
    ) -> Result<String, ShelfError> {
        self.open.command(run, experiment, device).await
    }
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
    // Before the desk looks for a device.
    office.surveyed.call_once(survey::ask);
    *office.page() = Some(channel);
    let reach = app.clone();
    let pace = Pace::default();
    let hear = move |notice: Notice| {
        mind_memory(&notice);
        for due in pace.due(notice, Instant::now()) {
            tell(&reach, &due, &[]);
        }
    };
    let desk = DeskThread::start(Chosen::new(app), hear)
        .map_err(|error| format!("cannot start the engine's thread: {error}"))?;
    *office.desk() = Some(desk);
    Ok(())
}

/// A training step's buffers stay at hand for the next; a window that only stands there keeps nothing.
fn mind_memory(notice: &Notice) {
    let Notice::Event(event) = notice else {
        return;
    };
    match **event {
        Event::Started { .. } => spat_memory::settle(),
        Event::Trained { .. } | Event::Done { .. } | Event::Stopped | Event::Failed { .. } => {
            spat_memory::let_go();
        }
        _ => {}
    }
}

/// Whether this is the first page: a later one is the same, loaded anew.
pub(crate) fn is_first_page(app: &AppHandle) -> bool {
    !app.state::<Office>().given.swap(true, Ordering::Relaxed)
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

impl Default for Office {
    fn default() -> Self {
        Self {
            desk: Mutex::default(),
            page: Mutex::default(),
            given: AtomicBool::default(),
            surveyed: Once::new(),
        }
    }
}

impl Office {
    fn desk(&self) -> MutexGuard<'_, Option<DeskThread>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self) -> MutexGuard<'_, Option<Channel<InvokeResponseBody>>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
