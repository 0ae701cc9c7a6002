//! The host's engine and those who share it.
//!
//! A visitor's page sends orders and hears notices as it would with an engine of its own. One thread
//! owns the device and gives turns: a training that has had its share while others wait is stopped
//! at a checkpoint, as Ctrl-C stops one, and goes on from there when its turn comes again. So at most
//! one training is in memory, and a server that is killed leaves what any killed run leaves.

mod floor;
mod journal;
mod rules;
mod socket;
mod space;
mod turns;
mod upload;
mod visitor;
mod works;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use spat_engine::session::JobControl;
use spat_host::{RunFolderError, RunsFolder};
use spat_spec::{DeviceFacts, Engine, EngineMessage, EngineRequest};

pub use rules::Rules;
pub(crate) use socket::{Wanted, socket, turn_away};

use crate::error::ServeError;
use crate::gate::VisitorId;
use floor::{Arrival, Behind, Floor, Turn};
use space::Space;
use upload::{Upload, UploadError};
use visitor::Open;

/// The host's engine, to be shared.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where visitors' runs are kept, a folder for each visitor.
    pub folder: PathBuf,
    /// What computes.
    pub facts: DeviceFacts,
    /// What the page calls this machine.
    pub name: String,
    /// What each visitor may ask for.
    pub rules: Rules,
}

/// Everything about the visitors of one host.
pub(crate) struct Hall {
    floor: Mutex<Floor>,
    /// Rings when somebody may be served.
    bell: Condvar,
    folder: PathBuf,
    space: Space,
    engine: Engine,
    rules: Rules,
    /// Tables so far, for their files' names.
    uploads: AtomicU64,
}

/// The hall with its thread.
pub(crate) struct OpenHall {
    pub(crate) hall: Arc<Hall>,
    thread: JoinHandle<()>,
    /// Held, not read: no other server works in the folder.
    _lock: Option<File>,
}

impl OpenHall {
    /// Makes room for visitors' runs and starts the engine's thread.
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
        fs::create_dir_all(&host.folder).map_err(failed(&host.folder))?;
        let lock = spat_host::lock(&host.folder).map_err(|error| match error {
            RunFolderError::Busy(folder) => ServeError::FolderTaken(folder),
            other => ServeError::File {
                what: "use",
                path: host.folder.clone(),
                reason: io::Error::other(other),
            },
        })?;
        // What a killed server left half uploaded.
        if let Err(error) = fs::remove_dir_all(&uploads)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed(&uploads)(error));
        }
        for folder in [&uploads, &host.folder.join(VISITORS)] {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        let hall = Arc::new(Hall {
            floor: Mutex::new(Floor::new(host.rules, host.facts.clone())),
            bell: Condvar::new(),
            folder: host.folder.clone(),
            space: Space::new(host.folder.clone(), host.rules.space),
            engine: if host.facts.kind == "cpu" {
                Engine::Cpu
            } else {
                Engine::Gpu
            },
            rules: host.rules,
            uploads: AtomicU64::new(0),
        });
        let works = Arc::clone(&hall);
        let thread = thread::Builder::new()
            .name("engine".to_owned())
            .stack_size(works::STACK)
            .spawn(move || works::work(&works))
            .map_err(failed(&host.folder))?;
        Ok(Self {
            hall,
            thread,
            _lock: lock,
        })
    }

    /// Stops what is going, so that it can be gone on with, and waits until it is at rest.
    pub(crate) fn close(self) {
        self.hall.floor().close();
        self.hall.bell.notify_all();
        // A thread that broke down has said so.
        self.thread.join().ok();
        self.hall.floor().rest();
    }
}

/// Tables on their way.
const UPLOADS: &str = "uploads";

/// Runs by visitor.
const VISITORS: &str = "visitors";

impl Hall {
    pub(crate) fn arrive(
        &self,
        id: VisitorId,
        wanted: Option<(&str, u64)>,
        fresh: String,
    ) -> Option<Arrival> {
        let arrival = self.floor().arrive(id, wanted, fresh, Instant::now());
        self.bell.notify_one();
        arrival
    }

    pub(crate) fn leave(&self, id: VisitorId, line: u64) {
        self.floor().leave(id, line, Instant::now());
    }

    pub(crate) fn told(
        &self,
        id: VisitorId,
        line: u64,
        heard: u64,
    ) -> Result<Option<(u64, String)>, Behind> {
        self.floor().told(id, line, heard)
    }

    /// Takes an order, with the bytes that came with it or why they were not taken.
    pub(crate) fn order(
        &self,
        id: VisitorId,
        line: u64,
        number: u64,
        order: EngineRequest,
        upload: Result<Option<Upload>, UploadError>,
    ) {
        let open = match &order {
            EngineRequest::Open { run, table, .. } => self.open(id, run, table, upload).map(Some),
            _ => Ok(None),
        };
        self.floor().order(id, line, number, order, open);
        self.bell.notify_one();
    }

    /// The run, if it may be opened.
    fn open(
        &self,
        id: VisitorId,
        run: &str,
        table: &str,
        upload: Result<Option<Upload>, UploadError>,
    ) -> Result<Open, String> {
        let runs = self.runs_of(id);
        let folder = runs.folder(run).map_err(|error| error.to_string())?;
        let upload = upload.map_err(|error| error.to_string())?;
        if upload.is_none() && !begun(&folder) {
            return Err("this run is not on the server any more; load its table again".to_owned());
        }
        if upload.is_some() {
            if self.space.is_full() {
                return Err(UploadError::NoSpace.to_string());
            }
            let kept = fs::read_dir(runs.root()).map_or(0, Iterator::count);
            if kept >= self.rules.runs {
                return Err(format!(
                    "the server keeps {kept} runs of yours and no more; delete some of them"
                ));
            }
        }
        Ok(Open {
            run: run.to_owned(),
            table: table.chars().take(200).collect(),
            upload: upload.map(Arc::new),
        })
    }

    /// A file for a table on its way.
    pub(crate) fn upload(&self, id: VisitorId) -> Result<Upload, UploadError> {
        if self.space.is_full() {
            return Err(UploadError::NoSpace);
        }
        let number = self.uploads.fetch_add(1, Ordering::Relaxed);
        let name = format!("{id}-{number}.part");
        Upload::begin(&self.folder.join(UPLOADS).join(name), self.rules.table)
    }

    /// A visitor has removed a run.
    pub(crate) fn made_room(&self) {
        self.space.measure_again();
    }

    /// The runs of one visitor.
    pub(crate) fn runs_of(&self, id: VisitorId) -> RunsFolder {
        RunsFolder::new(
            self.folder.join(VISITORS).join(id.to_string()),
            "a visitor's page (spat serve --engine host)",
            None,
        )
    }

    fn engine(&self) -> Engine {
        self.engine
    }

    fn is_closed(&self) -> bool {
        self.floor().closed
    }

    fn hear(&self, notice: EngineMessage) {
        self.floor().hear(notice, Instant::now());
    }

    fn has_failed(&self) -> bool {
        self.floor().has_failed()
    }

    /// Waits until it is somebody's turn, for ever or as long as `patience`.
    fn wait_for_turn(&self, steering: &JobControl, patience: Option<Duration>) -> Option<Turn> {
        let begun = Instant::now();
        let mut floor = self.floor();
        loop {
            if floor.closed {
                return None;
            }
            if let Some(turn) = floor.next_turn(steering, Instant::now()) {
                return Some(turn);
            }
            let left = match patience {
                Some(patience) => patience.checked_sub(begun.elapsed())?,
                // Nothing is lost by a look around now and then.
                None => Duration::from_secs(60),
            };
            let waited = self.bell.wait_timeout(floor, left);
            floor = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn end_turn(&self, turn: &Turn) {
        let folder = self.runs_of(turn.visitor).folder(&turn.open.run);
        let begun = folder.is_ok_and(|folder| begun(&folder));
        self.floor().end_turn(begun, Instant::now());
    }

    fn floor(&self) -> MutexGuard<'_, Floor> {
        // A panic of the engine never happens while it is held.
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a run's folder can be gone on with.
fn begun(folder: &Path) -> bool {
    folder.join("experiment.json").is_file()
}
