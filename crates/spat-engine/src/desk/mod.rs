//! The desk between a page and the engine: orders come in, one is done after the other, notices go
//! out. The same desk stands in a browser's worker, in the window and on a server.

mod error;
mod forecast;
mod shelf;
mod steering;

use std::rc::Rc;

use spat_series::read_table;
use spat_spec::{Command, DeviceFacts, Engine, Event, Experiment, Notice, Order};

use crate::control::Control;
use crate::device::{DeviceChoice, start};
use crate::store::RunStore;
use crate::viewer::Viewer;
use crate::{Device, Job, forget_plan, platform, run, suits, train_dense};

pub use error::DeskError;
pub use shelf::{Kept, MemoryShelf, NewRun, Shelf, ShelfError, TABLE};
pub use steering::Steering;

/// The run that is open, and what is done with it.
pub struct Desk<S: Shelf> {
    shelf: S,
    steering: Steering,
    say: Rc<dyn Fn(Notice)>,
    open: Option<OpenRun<S::Files>>,
}

struct OpenRun<F> {
    name: String,
    table_name: String,
    table: Vec<u8>,
    device: Device,
    facts: DeviceFacts,
    /// None before the run's first training: what is only looked at is not kept.
    files: Option<F>,
    job: Option<Job>,
    viewer: Option<Viewer>,
}

impl<S: Shelf> Desk<S> {
    /// A desk that keeps its runs on `shelf`, lets `steering` reach its jobs, and tells `say` what
    /// happens.
    pub fn new(shelf: S, steering: Steering, say: impl Fn(Notice) + 'static) -> Self {
        Self {
            shelf,
            steering,
            say: Rc::new(say),
            open: None,
        }
    }

    /// Does what is asked, to its end; a failure is told as [`Event::Failed`]. Orders that
    /// [`Steering::divert`] keeps need not come here.
    pub async fn obey(&mut self, order: Order, bytes: Option<Vec<u8>>) {
        let done = match order {
            Order::Find { engine } => {
                self.find(engine).await;
                Ok(())
            }
            Order::Open { run, table, engine } => self.open(run, table, engine, bytes).await,
            Order::Command(command) => self.command(command).await,
            Order::Forecast {
                engine,
                data,
                model,
            } => {
                let (device, _) = self.find(engine).await;
                let bytes = bytes.unwrap_or_default();
                let made = forecast::forecast(&bytes, model, *data, &device).await;
                (self.say)(match made {
                    Ok(forecast) => Notice::Forecast {
                        forecast: Box::new(forecast),
                    },
                    Err(error) => Notice::NoForecast {
                        reason: error.to_string(),
                    },
                });
                Ok(())
            }
        };
        if let Err(error) = done {
            self.tell(Event::Failed {
                message: error.to_string(),
            });
        }
    }

    fn tell(&self, event: Event) {
        (self.say)(Notice::Event(Box::new(event)));
    }

    /// What computes. A GPU that cannot be had is no end: the CPU does the same, and the notice says
    /// why it is not what was asked for.
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
        // The CPU is always there.
        let (device, facts) = found.unwrap_or_else(|_| unreachable!("the CPU needs no adapter"));
        if facts.kind == "cpu" && engine == Engine::Auto {
            reason = Some(platform::NO_GPU.to_owned());
        }
        (self.say)(Notice::Device {
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
    ) -> Result<(), DeskError> {
        self.open = None;
        let (device, facts) = self.find(engine).await;
        let (files, table) = match bytes {
            Some(table) => (None, table),
            None => {
                let (kept, table) = self.shelf.resume(&name).await?;
                (Some(self.taken(kept)), table)
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

    /// The files, after it was said that they are not kept, where they are not.
    fn taken(&self, kept: Kept<S::Files>) -> S::Files {
        if let Some(reason) = kept.not_kept {
            (self.say)(Notice::NotKept { reason });
        }
        kept.files
    }

    async fn command(&mut self, command: Command) -> Result<(), DeskError> {
        match command {
            Command::Train { experiment } => self.train(*experiment, false).await,
            Command::Run { experiment } | Command::Prune { experiment } => {
                self.train(*experiment, true).await
            }
            Command::Window { window } => {
                let (viewer, _) = self.view().await?;
                let sample = Box::new(viewer.window(window).await?);
                self.tell(Event::Window { sample });
                Ok(())
            }
            Command::Future => {
                let (viewer, files) = self.view().await?;
                let forecast = Box::new(viewer.future(files).await?);
                self.tell(Event::Future { forecast });
                Ok(())
            }
            // They come by the steering's own way; without a job there is nothing to steer.
            Command::Pause | Command::Resume | Command::Step { .. } | Command::Stop => Ok(()),
        }
    }

    /// The dense model, or with `whole` everything to the report.
    async fn train(&mut self, experiment: Experiment, whole: bool) -> Result<(), DeskError> {
        let Some(commands) = self.steering.begin() else {
            self.tell(Event::Stopped);
            return Ok(());
        };
        let ended = self.train_steered(experiment, whole, commands).await;
        self.steering.end();
        ended
    }

    async fn train_steered(
        &mut self,
        experiment: Experiment,
        whole: bool,
        commands: std::sync::mpsc::Receiver<Command>,
    ) -> Result<(), DeskError> {
        let open = self.open.as_ref().ok_or(DeskError::NothingOpen)?;
        // A table that does not fit leaves nothing on the shelf.
        let series =
            read_table(&open.table, &experiment.data.read)?.into_series(&experiment.data.series)?;
        suits(&experiment, &series)?;
        if open.files.is_none() {
            let kept = self
                .shelf
                .begin(NewRun {
                    name: &open.name,
                    table_name: &open.table_name,
                    table: &open.table,
                    experiment: &experiment,
                    device: &open.facts,
                })
                .await?;
            let files = self.taken(kept);
            if let Some(open) = self.open.as_mut() {
                open.files = Some(files);
            }
        }
        let open = self.open.as_mut().ok_or(DeskError::NothingOpen)?;
        let shelf = &self.shelf;
        let command = shelf.command(&open.name, &experiment, &open.facts).await?;
        let job = Job::new(
            experiment,
            &open.table,
            series,
            open.table_name.clone(),
            command,
            (open.device.clone(), open.facts.clone()),
        );
        open.viewer = None;
        open.job = Some(job.clone());
        let files = open.files.as_mut().ok_or(DeskError::NothingOpen)?;
        let say = Rc::clone(&self.say);
        let tell = move |event| say(Notice::Event(Box::new(event)));
        let mut control = Control::new(commands, tell);
        // The engine tells of its failures itself.
        if whole {
            forget_other_plan(&job, files).await?;
            run(&job, files, &mut control).await.ok();
        } else {
            train_dense(&job, files, &mut control).await.ok();
        }
        Ok(())
    }

    async fn view(&mut self) -> Result<(&Viewer, &S::Files), DeskError> {
        let open = self.open.as_mut().ok_or(DeskError::NothingOpen)?;
        let (Some(job), Some(files)) = (&open.job, &open.files) else {
            return Err(DeskError::NothingTrained);
        };
        if open.viewer.is_none() {
            open.viewer = Some(Viewer::open(job, files).await?);
        }
        let viewer = open.viewer.as_ref().ok_or(DeskError::NothingTrained)?;
        Ok((viewer, files))
    }
}

/// A plan that was made by another rule, and what followed from it, make way for the new one.
async fn forget_other_plan(job: &Job, files: &mut impl RunStore) -> Result<(), DeskError> {
    let before = files.read("experiment.json").await?;
    let before: Option<Experiment> = before
        .as_deref()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    if before.is_none_or(|before| before != job.experiment) {
        forget_plan(files).await?;
    }
    Ok(())
}
