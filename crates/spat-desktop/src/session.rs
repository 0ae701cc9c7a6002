//! The engine session of the process, and its channel to the web app.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Instant;

use spat_engine::session::{NewRun, RunStorage, RunStorageError, StoredRun};
use spat_host::{EngineThread, RunFolder, RunsFolder};
use spat_spec::{DeviceFacts, EngineMessage, EngineRequest, Event, Experiment, frame};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::{AppHandle, Manager as _};

use crate::gpu_probe;
use crate::progress_limit::ProgressLimit;
use crate::settings::Settings;

/// The table of `spat demo`, which its runs do not copy.
const DEMO: &[u8] = include_bytes!("../../spat-cli/demo/nyc-weather-2013.csv");

/// The engine session and the channel to the web app, once both exist.
pub(crate) struct EngineHandle {
    session: Mutex<Option<EngineThread>>,
    page: Mutex<Option<Channel<InvokeResponseBody>>>,
    loaded: AtomicBool,
    probed: Once,
}

/// The runs in the configured folder.
pub(crate) fn runs(app: &AppHandle) -> RunsFolder {
    RunsFolder::new(
        app.state::<Settings>().runs(),
        "the desktop app (spat-desktop)",
        Some(DEMO),
    )
}

/// A storage in the configured folder: a run stays where it was created, the next one uses the folder
/// configured by then.
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

/// Starts an engine session that sends to `channel`, and closes an earlier one.
///
/// # Errors
/// The system refuses to start a thread.
pub(crate) fn listen(app: &AppHandle, channel: Channel<InvokeResponseBody>) -> Result<(), String> {
    let handle = app.state::<EngineHandle>();
    if let Some(earlier) = handle.session().take() {
        // The web app was reloaded; its run can be resumed.
        earlier.close();
    }
    // Before the engine looks for a device.
    handle.probed.call_once(gpu_probe::run);
    *handle.page() = Some(channel);
    let reach = app.clone();
    let limit = ProgressLimit::default();
    let forward = move |message: EngineMessage| {
        release_memory(&message);
        for due in limit.due(message, Instant::now()) {
            send_message(&reach, &due, &[]);
        }
    };
    let session = EngineThread::start(ConfiguredStorage::new(app), forward)
        .map_err(|error| format!("cannot start the engine's thread: {error}"))?;
    *handle.session() = Some(session);
    Ok(())
}

/// Keeps freed memory during training for the next step, and releases it afterwards.
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

/// Whether this is the first load of the web app, as opposed to a reload.
pub(crate) fn is_first_page(app: &AppHandle) -> bool {
    !app.state::<EngineHandle>()
        .loaded
        .swap(true, Ordering::Relaxed)
}

/// Sends a request to the engine.
///
/// # Errors
/// The engine is not running.
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

/// Sends a message and bytes to the web app, if it is loaded.
pub(crate) fn send_message(app: &AppHandle, message: &EngineMessage, bytes: &[u8]) {
    let page = app.state::<EngineHandle>().page().clone();
    if let (Some(page), Ok(frame)) = (page, frame(message, bytes)) {
        page.send(InvokeResponseBody::Raw(frame)).ok();
    }
}

/// Takes the engine session, to close it.
pub(crate) fn take(app: &AppHandle) -> Option<EngineThread> {
    app.state::<EngineHandle>().session().take()
}

impl Default for EngineHandle {
    fn default() -> Self {
        Self {
            session: Mutex::default(),
            page: Mutex::default(),
            loaded: AtomicBool::default(),
            probed: Once::new(),
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
