//! A session between a front end and the engine: it handles requests one after the other and emits
//! messages. The web worker, the desktop app and the server all use it.

mod error;
mod forecast;
mod job_control;
mod run_storage;

use std::rc::Rc;

use spat_series::read_table;
use spat_spec::{Command, DeviceFacts, Engine, EngineMessage, EngineRequest, Event, Experiment};

use crate::control::Control;
use crate::device::{DeviceChoice, start};
use crate::store::RunStore;
use crate::viewer::Viewer;
use crate::{Device, Job, forget_plan, platform, run, train_dense, validate_for};

pub use error::SessionError;
pub use job_control::JobControl;
pub use run_storage::{MemoryRunStorage, NewRun, RunStorage, RunStorageError, StoredRun, TABLE};

/// The open run and its state.
pub struct EngineSession<S: RunStorage> {
    run_storage: S,
    job_control: JobControl,
    emit: Rc<dyn Fn(EngineMessage)>,
    open: Option<OpenRun<S::Files>>,
}

struct OpenRun<F> {
    name: String,
    table_name: String,
    table: Vec<u8>,
    device: Device,
    facts: DeviceFacts,
    /// `None` before the run's first training: runs that are only viewed are not stored.
    files: Option<F>,
    job: Option<Job>,
    viewer: Option<Viewer>,
}

impl<S: RunStorage> EngineSession<S> {
    /// Creates a session that stores runs in `run_storage`, takes commands for its job from
    /// `job_control` and passes messages to `emit`.
    pub fn new(
        run_storage: S,
        job_control: JobControl,
        emit: impl Fn(EngineMessage) + 'static,
    ) -> Self {
        Self {
            run_storage,
            job_control,
            emit: Rc::new(emit),
            open: None,
        }
    }

    /// Handles a request to its end; a failure is reported as [`Event::Failed`]. Requests that
    /// [`JobControl::intercept`] consumes need not come here.
    pub async fn handle(&mut self, request: EngineRequest, bytes: Option<Vec<u8>>) {
        let done = match request {
            EngineRequest::Find { engine } => {
                self.find(engine).await;
                Ok(())
            }
            EngineRequest::Open { run, table, engine } => {
                self.open(run, table, engine, bytes).await
            }
            EngineRequest::Command(command) => self.command(command).await,
            EngineRequest::Forecast {
                engine,
                data,
                model,
            } => {
                let (device, _) = self.find(engine).await;
                let bytes = bytes.unwrap_or_default();
                let made = forecast::forecast(&bytes, model, *data, &device).await;
                (self.emit)(match made {
                    Ok(forecast) => EngineMessage::Forecast {
                        forecast: Box::new(forecast),
                    },
                    Err(error) => EngineMessage::NoForecast {
                        reason: error.to_string(),
                    },
                });
                Ok(())
            }
        };
        if let Err(error) = done {
            self.emit_event(Event::Failed {
                message: error.to_string(),
            });
        }
    }

    fn emit_event(&self, event: Event) {
        (self.emit)(EngineMessage::Event(Box::new(event)));
    }

    /// Selects the compute device. If a requested GPU is not available, the CPU is used, and the message
    /// has the reason.
    async fn find(&self, engine: Engine) -> (Device, DeviceFacts) {
        let choice = match engine {
            Engine::Auto => DeviceChoice::Auto,
            Engine::Gpu => DeviceChoice::Gpu,
            Engine::Cpu => DeviceChoice::Cpu,
        };
        let (found, mut reason) = match start(choice).await {
            Ok(found) => (Ok(found), None),
            Err(error) => (start(DeviceChoice::Cpu).await, Some(error.to_string())),
        };
        // The CPU is always available.
        let (device, facts) = found.unwrap_or_else(|_| unreachable!("the CPU needs no adapter"));
        if facts.kind == "cpu" && engine == Engine::Auto {
            reason = Some(platform::NO_GPU.to_owned());
        }
        (self.emit)(EngineMessage::Device {
            facts: facts.clone(),
            reason,
        });
        (device, facts)
    }

    async fn open(
        &mut self,
        name: String,
        table_name: String,
        engine: Engine,
        bytes: Option<Vec<u8>>,
    ) -> Result<(), SessionError> {
        self.open = None;
        let (device, facts) = self.find(engine).await;
        let (files, table) = match bytes {
            Some(table) => (None, table),
            None => {
                let (stored, table) = self.run_storage.resume(&name).await?;
                (Some(self.report_stored(stored)), table)
            }
        };
        self.open = Some(OpenRun {
            name,
            table_name,
            table,
            device,
            facts,
            files,
            job: None,
            viewer: None,
        });
        Ok(())
    }

    /// The files; emits [`EngineMessage::NotStored`] if they are not stored.
    fn report_stored(&self, stored: StoredRun<S::Files>) -> S::Files {
        if let Some(reason) = stored.not_stored {
            (self.emit)(EngineMessage::NotStored { reason });
        }
        stored.files
    }

    async fn command(&mut self, command: Command) -> Result<(), SessionError> {
        match command {
            Command::Train { experiment } => self.train(*experiment, false).await,
            Command::Prune { experiment } => self.train(*experiment, true).await,
            Command::Window { window } => {
                let (viewer, _) = self.view().await?;
                let sample = Box::new(viewer.window(window).await?);
                self.emit_event(Event::Window { sample });
                Ok(())
            }
            Command::Future => {
                let (viewer, files) = self.view().await?;
                let forecast = Box::new(viewer.future(files).await?);
                self.emit_event(Event::Future { forecast });
                Ok(())
            }
            // `JobControl` intercepts these; without a job they have no effect.
            Command::Pause | Command::Resume | Command::Step { .. } | Command::Stop => Ok(()),
        }
    }

    /// Trains the dense model, or runs the whole job to the report if `whole` is set.
    async fn train(&mut self, experiment: Experiment, whole: bool) -> Result<(), SessionError> {
        let Some(commands) = self.job_control.begin() else {
            self.emit_event(Event::Stopped);
            return Ok(());
        };
        let ended = self.train_steered(experiment, whole, commands).await;
        self.job_control.end();
        ended
    }

    async fn train_steered(
        &mut self,
        experiment: Experiment,
        whole: bool,
        commands: std::sync::mpsc::Receiver<Command>,
    ) -> Result<(), SessionError> {
        let open = self.open.as_ref().ok_or(SessionError::NothingOpen)?;
        // A table that does not fit leaves nothing in the storage.
        let read = open.job.as_ref();
        let series = match read.filter(|job| job.experiment.data == experiment.data) {
            Some(job) => job.series.clone(),
            None => read_table(&open.table, &experiment.data.read)?
                .into_series(&experiment.data.series)?,
        };
        validate_for(&experiment, &series)?;
        if open.files.is_none() {
            let stored = self
                .run_storage
                .begin(NewRun {
                    name: &open.name,
                    table_name: &open.table_name,
                    table: &open.table,
                    experiment: &experiment,
                    device: &open.facts,
                })
                .await?;
            let files = self.report_stored(stored);
            if let Some(open) = self.open.as_mut() {
                open.files = Some(files);
            }
        }
        let open = self.open.as_mut().ok_or(SessionError::NothingOpen)?;
        let run_storage = &self.run_storage;
        let command = run_storage
            .command(&open.name, &experiment, &open.facts)
            .await?;
        let hash = experiment.hash(&open.table);
        let job = Job::new(
            experiment,
            hash,
            series,
            open.table_name.clone(),
            command,
            (open.device.clone(), open.facts.clone()),
        );
        open.viewer = None;
        open.job = Some(job.clone());
        let files = open.files.as_mut().ok_or(SessionError::NothingOpen)?;
        let emit = Rc::clone(&self.emit);
        let emit_event = move |event| emit(EngineMessage::Event(Box::new(event)));
        let mut control = Control::new(commands, emit_event);
        // The engine emits its own failures.
        if whole {
            forget_other_plan(&job, files).await?;
            run(&job, files, &mut control).await.ok();
        } else {
            train_dense(&job, files, &mut control).await.ok();
        }
        Ok(())
    }

    async fn view(&mut self) -> Result<(&Viewer, &S::Files), SessionError> {
        let open = self.open.as_mut().ok_or(SessionError::NothingOpen)?;
        let (Some(job), Some(files)) = (&open.job, &open.files) else {
            return Err(SessionError::NothingTrained);
        };
        if open.viewer.is_none() {
            open.viewer = Some(Viewer::open(job, files).await?);
        }
        let viewer = open.viewer.as_ref().ok_or(SessionError::NothingTrained)?;
        Ok((viewer, files))
    }
}

/// Discards a plan that was made by another rule, and its results.
async fn forget_other_plan(job: &Job, files: &mut impl RunStore) -> Result<(), SessionError> {
    let before = files.read("experiment.json").await?;
    let before: Option<Experiment> = before
        .as_deref()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    if before.is_none_or(|before| before != job.experiment) {
        forget_plan(files).await?;
    }
    Ok(())
}
