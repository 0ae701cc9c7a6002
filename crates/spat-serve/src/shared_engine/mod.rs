//! The host's engine, shared by several visitors.
//!
//! A visitor's page sends requests and receives messages as it would with an engine in its own
//! browser. One process owns the device and runs one turn at a time. A training that used up its turn
//! while other visitors wait is stopped at a checkpoint, as Ctrl-C does, and resumes from it in its
//! next turn. So at most one training is in memory, and a killed server leaves the same files as a
//! killed run. If the process fails, another one resumes the run, or serves the other visitors.

mod disk_quota;
mod fair_queue;
mod journal;
mod paths;
mod retention;
mod rules;
mod scheduler;
mod socket;
mod upload;
mod visitor;
mod worker;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use spat_host::{RunFolderError, RunsFolder};
use spat_spec::{DeviceFacts, Engine, EngineMessage, EngineRequest, Event};

pub use rules::Rules;
pub(crate) use socket::{ConnectRequest, ResumeQuery, serve_socket};

use crate::auth::VisitorId;
use crate::client_key::ClientKey;
use crate::engine_process::{EngineCommand, EngineProcess, ProcessFailure};
use crate::error::ServeError;
use crate::private_files::{make_private, private_folder};
use disk_quota::DiskQuota;
use paths::PathFilter;
use scheduler::{Admission, Disconnected, SchedulerState, Turn};
use upload::{Upload, UploadError};
use visitor::OpenRun;

/// Subfolder for tables that are being uploaded.
const UPLOADS: &str = "uploads";

/// Subfolder for runs, with one folder per visitor.
pub(crate) const VISITORS: &str = "visitors";

/// Longest table name that is kept, in characters.
const MAX_TABLE_NAME: usize = 200;

/// Upper bound of one wait for a turn, after which absent visitors are removed.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Settings of the host's shared engine.
#[derive(Debug, Clone)]
pub struct Host {
    /// Folder of the visitors' runs, with one subfolder per visitor.
    pub folder: PathBuf,
    /// The device that computes.
    pub facts: DeviceFacts,
    /// Name of this machine, as shown by the page.
    pub name: String,
    /// Limits of each visitor.
    pub rules: Rules,
    /// Starts the process that computes.
    pub engine: EngineCommand,
    /// Reports to the owner of the server which runs were removed, and failures of the engine process.
    pub report: fn(&str),
}

/// The engine that all visitors of a host share: the scheduler, the visitors' files and the limits.
pub(crate) struct SharedEngine {
    scheduler: Mutex<SchedulerState>,
    /// Signalled when a turn may be available.
    ready: Condvar,
    folder: PathBuf,
    quota: Arc<DiskQuota>,
    device: Engine,
    rules: Rules,
    command: EngineCommand,
    report: fn(&str),
    paths: PathFilter,
    /// Number of uploads so far; makes their file names unique.
    uploads: AtomicU64,
}

/// A [`SharedEngine`] and the thread that supplies its process with turns.
pub(crate) struct EngineHandle {
    pub(crate) engine: Arc<SharedEngine>,
    thread: JoinHandle<()>,
    /// Keeps other servers out of the folder while it is held.
    _lock: Option<File>,
}

impl EngineHandle {
    /// Creates the folders and starts the engine's process and thread.
    pub(crate) fn start(host: &Host) -> Result<Self, ServeError> {
        let uploads = host.folder.join(UPLOADS);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |reason| ServeError::File {
                what: "make the folder",
                path,
                reason,
            }
        };
        private_folder(&host.folder).map_err(failed(&host.folder))?;
        let lock = spat_host::lock(&host.folder).map_err(|error| match error {
            RunFolderError::Busy(folder) => ServeError::FolderTaken(folder),
            other => ServeError::File {
                what: "use",
                path: host.folder.clone(),
                reason: io::Error::other(other),
            },
        })?;
        // A killed server may have left incomplete uploads.
        if let Err(error) = fs::remove_dir_all(&uploads)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed(&uploads)(error));
        }
        // Earlier versions created them readable by every user of the computer.
        for folder in [&uploads, &host.folder.join(VISITORS)] {
            private_folder(folder)
                .and_then(|()| make_private(folder))
                .map_err(failed(folder))?;
        }
        let process = EngineProcess::start(&host.engine)
            .map_err(|failure| ServeError::Engine(failure.to_string()))?;
        let engine = Arc::new(SharedEngine {
            scheduler: Mutex::new(SchedulerState::new(host.rules, host.facts.clone())),
            ready: Condvar::new(),
            folder: host.folder.clone(),
            quota: Arc::new(DiskQuota::new(host.folder.join(VISITORS), host.rules.space)),
            device: if host.facts.kind == "cpu" {
                Engine::Cpu
            } else {
                Engine::Gpu
            },
            rules: host.rules,
            command: host.engine.clone(),
            report: host.report,
            paths: PathFilter::new(&host.folder),
            uploads: AtomicU64::new(0),
        });
        let shared = Arc::clone(&engine);
        let thread = thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || worker::run(&shared, process))
            .map_err(failed(&host.folder))?;
        Ok(Self {
            engine,
            thread,
            _lock: lock,
        })
    }

    /// Stops the running job at a checkpoint and waits for the engine's process and thread to end.
    pub(crate) fn close(self) {
        self.engine.scheduler().close();
        self.engine.ready.notify_all();
        // The panic handler has reported a thread that panicked.
        self.thread.join().ok();
        self.engine.scheduler().finish();
    }
}

impl SharedEngine {
    /// Registers a connection. `resume` is the session to continue and the number of the last message
    /// that the page received; `new_session` is the name of the session otherwise. `client` is
    /// the address of the visitor.
    pub(crate) fn connect(
        &self,
        id: VisitorId,
        client: ClientKey,
        resume: Option<(&str, u64)>,
        new_session: String,
    ) -> Admission {
        let admission = self
            .scheduler()
            .connect(id, client, resume, new_session, Instant::now());
        self.ready.notify_one();
        admission
    }

    /// Forgets a visitor who waits for a place.
    pub(crate) fn leave_queue(&self, id: VisitorId) {
        self.scheduler().leave_queue(id);
    }

    /// Unregisters a connection.
    pub(crate) fn disconnect(&self, id: VisitorId, connection: u64) {
        self.scheduler().disconnect(id, connection, Instant::now());
    }

    /// The first message after number `after`, with its number; `None` if there is none yet.
    pub(crate) fn next_message(
        &self,
        id: VisitorId,
        connection: u64,
        after: u64,
    ) -> Result<Option<(u64, String)>, Disconnected> {
        self.scheduler().next_message(id, connection, after)
    }

    /// Queues a request. `upload` holds the bytes that were sent before it, or why they were rejected.
    pub(crate) fn submit(
        &self,
        id: VisitorId,
        connection: u64,
        number: u64,
        request: EngineRequest,
        upload: Result<Option<Upload>, UploadError>,
    ) {
        let open = match &request {
            EngineRequest::Open { run, table, .. } => {
                self.check_open(id, run, table, upload).map(Some)
            }
            _ => Ok(None),
        };
        self.scheduler()
            .submit(id, connection, number, request, open);
        self.ready.notify_one();
    }

    /// The run to open, or why it cannot be opened.
    fn check_open(
        &self,
        id: VisitorId,
        run: &str,
        table: &str,
        upload: Result<Option<Upload>, UploadError>,
    ) -> Result<OpenRun, String> {
        let runs = self.runs_of(id);
        let folder = runs
            .folder(run)
            .map_err(|error| self.hide_paths(id, &error.to_string()))?;
        let upload = upload.map_err(|error| error.to_string())?;
        if upload.is_none() && !is_resumable(&folder) {
            return Err("this run is not on the server any more; load its table again".to_owned());
        }
        if upload.is_some() {
            if self.quota.is_full() {
                return Err(UploadError::QuotaExceeded.to_string());
            }
            let stored = fs::read_dir(runs.root()).map_or(0, Iterator::count);
            if stored >= self.rules.runs {
                return Err(format!(
                    "the server stores {stored} of your runs, and no more; delete some of them"
                ));
            }
        }
        Ok(OpenRun {
            run: run.to_owned(),
            table: table.chars().take(MAX_TABLE_NAME).collect(),
            upload: upload.map(Arc::new),
        })
    }

    /// Starts the upload of a table.
    pub(crate) fn start_upload(&self, id: VisitorId) -> Result<Upload, UploadError> {
        if self.quota.is_full() {
            return Err(UploadError::QuotaExceeded);
        }
        let number = self.uploads.fetch_add(1, Ordering::Relaxed);
        let name = format!("{id}-{number}.part");
        let path = self.folder.join(UPLOADS).join(name);
        Upload::create(&path, self.rules.table, Arc::clone(&self.quota))
    }

    /// Updates the disk quota after a run was deleted.
    pub(crate) fn run_deleted(&self) {
        self.quota.invalidate();
    }

    /// The stored runs of one visitor.
    pub(crate) fn runs_of(&self, id: VisitorId) -> RunsFolder {
        visitor_runs(self.folder.join(VISITORS).join(id.to_string()))
    }

    /// A message to a visitor, without the server's paths.
    pub(crate) fn hide_paths(&self, id: VisitorId, text: &str) -> String {
        self.paths.hide(id, text)
    }

    /// Removes runs that were not used for as long as the rules keep them.
    pub(crate) fn remove_expired(&self) {
        let Some(age) = self.rules.keep else {
            return;
        };
        let removed = retention::remove_older(&self.folder.join(VISITORS), age, SystemTime::now());
        if removed > 0 {
            self.quota.invalidate();
            let runs = if removed == 1 { "run" } else { "runs" };
            let days = age.as_secs() / (24 * 3600);
            (self.report)(&format!(
                "removed {removed} {runs} that were not used for {days} days"
            ));
        }
    }

    fn is_closed(&self) -> bool {
        self.scheduler().closed
    }

    fn handle_message(&self, mut message: EngineMessage) {
        let mut scheduler = self.scheduler();
        if let Some(id) = scheduler.running_visitor() {
            match &mut message {
                EngineMessage::Event(event) => {
                    if let Event::Failed { message } | Event::Warning { message } = &mut **event {
                        *message = self.hide_paths(id, message);
                    }
                }
                EngineMessage::NotStored { reason } | EngineMessage::NoForecast { reason } => {
                    *reason = self.hide_paths(id, reason);
                }
                _ => {}
            }
        }
        scheduler.handle_message(message, Instant::now());
    }

    fn enforce_limits(&self) {
        self.scheduler().enforce_limits(Instant::now());
    }

    /// Waits for the next turn. `None`: the server is closing.
    fn wait_for_turn(&self) -> Option<Turn> {
        let mut scheduler = self.scheduler();
        loop {
            if scheduler.closed {
                return None;
            }
            if let Some(turn) = scheduler.next_turn(Instant::now()) {
                return Some(turn);
            }
            let waited = self.ready.wait_timeout(scheduler, MAX_WAIT);
            scheduler = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the turn of a visitor's run. `failure`: the engine process failed.
    fn end_turn(&self, id: VisitorId, run: &str, failure: Option<&ProcessFailure>) {
        let folder = self.runs_of(id).folder(run);
        let stored = folder.is_ok_and(|folder| is_resumable(&folder));
        let failure = failure.map(|failure| {
            (self.report)(&format!(
                "the engine process {failure}; another one is started"
            ));
            failure.to_string()
        });
        self.scheduler()
            .end_turn(stored, failure.as_deref(), Instant::now());
    }

    fn scheduler(&self) -> MutexGuard<'_, SchedulerState> {
        // The engine never panics while it holds the lock, so a poisoned state is consistent.
        self.scheduler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A visitor's folder of runs.
pub(crate) fn visitor_runs(root: PathBuf) -> RunsFolder {
    RunsFolder::new(root, "a visitor's page (spat serve --engine host)", None).private()
}

/// Whether the folder holds a run that can be resumed.
fn is_resumable(folder: &Path) -> bool {
    folder.join("experiment.json").is_file()
}
