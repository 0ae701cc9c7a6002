//! The engine's desk in this process, and the line to the page.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Instant;

use spat_engine::session::{NewRun, RunStorage, RunStorageError, StoredRun};
use spat_host::{EngineThread, RunFolder, RunsFolder};
use spat_spec::{DeviceFacts, EngineMessage, EngineRequest, Event, Experiment, frame};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::{AppHandle, Manager as _};

use crate::pace::Pace;
use crate::settings::Settings;
use crate::survey;

/// The table of `spat demo`, whose runs have none of their own.
const DEMO: &[u8] = include_bytes!("../../spat-cli/demo/nyc-weather-2013.csv");

/// The desk that works and the page that listens, once there are.
pub(crate) struct EngineHandle {
    session: Mutex<Option<EngineThread>>,
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
struct ConfiguredStorage {
    app: AppHandle,
    open: RunsFolder,
}

impl ConfiguredStorage {
    fn new(app: &AppHandle) -> Self {
        Self {
            app: app.clone(),
            open: runs(app),
        }
    }
}

impl RunStorage for ConfiguredStorage {
    type Files = RunFolder;

    async fn begin(&mut self, run: NewRun<'_>) -> Result<StoredRun<RunFolder>, RunStorageError> {
        self.open = runs(&self.app);
        self.open.begin(run).await
    }

    async fn resume(
        &mut self,
        run: &str,
    ) -> Result<(StoredRun<RunFolder>, Vec<u8>), RunStorageError> {
        self.open = runs(&self.app);
        self.open.resume(run).await
    }

    async fn command(
        &self,
        run: &str,
        experiment: &Experiment,
        device: &DeviceFacts,
    ) -> Result<String, RunStorageError> {
        self.open.command(run, experiment, device).await
    }
}

/// Starts a desk for the page at the other end of `channel`, in the place of an earlier one.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn listen(app: &AppHandle, channel: Channel<InvokeResponseBody>) -> Result<(), String> {
    let handle = app.state::<EngineHandle>();
    if let Some(earlier) = handle.session().take() {
        // A page that was loaded anew: its run can be gone on with.
        earlier.close();
    }
    // Before the desk looks for a device.
    handle.surveyed.call_once(survey::ask);
    *handle.page() = Some(channel);
    let reach = app.clone();
    let pace = Pace::default();
    let forward = move |message: EngineMessage| {
        release_memory(&message);
        for due in pace.due(message, Instant::now()) {
            send_message(&reach, &due, &[]);
        }
    };
    let session = EngineThread::start(ConfiguredStorage::new(app), forward)
        .map_err(|error| format!("cannot start the engine's thread: {error}"))?;
    *handle.session() = Some(session);
    Ok(())
}

/// A training step's buffers stay at hand for the next; a window that only stands there keeps nothing.
fn release_memory(message: &EngineMessage) {
    let EngineMessage::Event(event) = message else {
        return;
    };
    match **event {
        Event::Started { .. } => spat_memory::keep_freed_memory(),
        Event::Trained { .. } | Event::Done { .. } | Event::Stopped | Event::Failed { .. } => {
            spat_memory::release_freed_memory();
        }
        _ => {}
    }
}

/// Whether this is the first page: a later one is the same, loaded anew.
pub(crate) fn is_first_page(app: &AppHandle) -> bool {
    !app.state::<EngineHandle>()
        .given
        .swap(true, Ordering::Relaxed)
}

/// Hands an order to the desk.
///
/// # Errors
/// There is none.
pub(crate) fn send_request(
    app: &AppHandle,
    request: EngineRequest,
    bytes: Option<Vec<u8>>,
) -> Result<(), String> {
    match &*app.state::<EngineHandle>().session() {
        Some(session) => {
            session.request(request, bytes);
            Ok(())
        }
        None => Err("the engine is not started yet".to_owned()),
    }
}

/// Tells the page something, with bytes beside it. A page that is gone hears nothing.
pub(crate) fn send_message(app: &AppHandle, message: &EngineMessage, bytes: &[u8]) {
    let page = app.state::<EngineHandle>().page().clone();
    if let (Some(page), Ok(frame)) = (page, frame(message, bytes)) {
        page.send(InvokeResponseBody::Raw(frame)).ok();
    }
}

/// Takes the desk away, to close it.
pub(crate) fn leave(app: &AppHandle) -> Option<EngineThread> {
    app.state::<EngineHandle>().session().take()
}

impl Default for EngineHandle {
    fn default() -> Self {
        Self {
            session: Mutex::default(),
            page: Mutex::default(),
            given: AtomicBool::default(),
            surveyed: Once::new(),
        }
    }
}

impl EngineHandle {
    fn session(&self) -> MutexGuard<'_, Option<EngineThread>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self) -> MutexGuard<'_, Option<Channel<InvokeResponseBody>>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
