//! The run that is open, and what is done with it.

use std::sync::mpsc;

use anyhow::{Context as _, anyhow};
use spat_engine::device::{DeviceChoice, start};
use spat_engine::{Control, Device, Job, RunStore as _, Viewer, forget_plan, run, train_dense};
use spat_series::read_table;
use spat_spec::{Command, DeviceFacts, Event, Experiment};
use spat_wire::{Engine, Notice, Order};

use crate::Steering;
use crate::mouth::{say, tell};
use crate::run_files::RunFiles;

/// The table's name among the run's files.
const TABLE: &str = "table.csv";

/// The orders' worker.
pub(crate) struct Desk {
    steering: Steering,
    open: Option<OpenRun>,
}

struct OpenRun {
    files: RunFiles,
    table_name: String,
    table: Vec<u8>,
    device: Device,
    facts: DeviceFacts,
    job: Option<Job>,
    viewer: Option<Viewer>,
}

impl Desk {
    pub(crate) fn new(steering: Steering) -> Self {
        Self {
            steering,
            open: None,
        }
    }

    pub(crate) async fn obey(
        &mut self,
        order: Order,
        bytes: Option<Vec<u8>>,
    ) -> anyhow::Result<()> {
        match order {
            Order::Find { engine } => {
                let (_, facts, reason) = Self::device(engine).await;
                say(&Notice::Device { facts, reason });
            }
            Order::Open { run, table, engine } => self.open(&run, table, engine, bytes).await?,
            Order::Command(command) => self.command(command).await?,
        }
        Ok(())
    }

    /// What computes, and why it is not what was asked for. A GPU that cannot be had is no end:
    /// the CPU does the same.
    async fn device(engine: Engine) -> (Device, DeviceFacts, Option<String>) {
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
            reason = Some("this browser offers no WebGPU adapter of its own".to_owned());
        }
        (device, facts, reason)
    }

    async fn open(
        &mut self,
        run: &str,
        table_name: String,
        engine: Engine,
        bytes: Option<Vec<u8>>,
    ) -> anyhow::Result<()> {
        self.open = None;
        let (device, facts, reason) = Self::device(engine).await;
        say(&Notice::Device {
            facts: facts.clone(),
            reason,
        });
        let (mut files, not_kept) = RunFiles::open(run).await;
        if let Some(reason) = not_kept {
            say(&Notice::NotKept { reason });
        }
        let table = match bytes {
            Some(bytes) => {
                files.write(TABLE, &bytes).await?;
                bytes
            }
            None => files
                .read(TABLE)
                .await?
                .context("the run's table is not in this browser any more; load it again")?,
        };
        self.open = Some(OpenRun {
            files,
            table_name,
            table,
            device,
            facts,
            job: None,
            viewer: None,
        });
        Ok(())
    }

    async fn command(&mut self, command: Command) -> anyhow::Result<()> {
        let run = self
            .open
            .as_mut()
            .ok_or_else(|| anyhow!("no table is open yet"))?;
        match command {
            Command::Train { experiment } => {
                let job = run.job(*experiment)?;
                let (commands, inbox) = mpsc::channel();
                self.steering.replace(Some(commands));
                // The engine has told of its failure itself.
                train_dense(&job, &mut run.files, &mut Control::new(inbox, tell))
                    .await
                    .ok();
            }
            Command::Run { experiment } | Command::Prune { experiment } => {
                let job = run.job(*experiment)?;
                run.forget_other_plan(&job).await?;
                let (commands, inbox) = mpsc::channel();
                self.steering.replace(Some(commands));
                // The engine has told of its failure itself.
                self::run(&job, &mut run.files, &mut Control::new(inbox, tell))
                    .await
                    .ok();
            }
            Command::Window { window } => {
                let sample = Box::new(run.viewer().await?.window(window).await?);
                tell(Event::Window { sample });
            }
            Command::Future => {
                run.viewer().await?;
                let viewer = run.viewer.as_ref().context("no model is open")?;
                let forecast = Box::new(viewer.future(&run.files).await?);
                tell(Event::Future { forecast });
            }
            // They come by the steering's own way; without a job there is nothing to steer.
            Command::Pause | Command::Resume | Command::Step { .. } | Command::Stop => {}
        }
        self.steering.replace(None);
        Ok(())
    }
}

impl OpenRun {
    /// The job of `experiment` on the open table.
    fn job(&mut self, experiment: Experiment) -> anyhow::Result<Job> {
        let data = &experiment.data;
        let series = read_table(&self.table, &data.read)?.into_series(&data.series)?;
        let job = Job {
            hash: experiment.hash(&self.table),
            command: format!("the page, with seed {}", experiment.seed),
            experiment,
            series,
            data_name: self.table_name.clone(),
            device: self.device.clone(),
            device_facts: self.facts.clone(),
        };
        self.viewer = None;
        self.job = Some(job.clone());
        Ok(job)
    }

    /// A plan that was made by another rule, and what followed from it, make way for the new one.
    async fn forget_other_plan(&mut self, job: &Job) -> anyhow::Result<()> {
        let before = self.files.read("experiment.json").await?;
        let before: Option<Experiment> = before
            .as_deref()
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        if before.is_none_or(|before| before != job.experiment) {
            forget_plan(&mut self.files).await?;
        }
        Ok(())
    }

    async fn viewer(&mut self) -> anyhow::Result<&Viewer> {
        if self.viewer.is_none() {
            let job = self.job.as_ref().context("train the model first")?;
            self.viewer = Some(Viewer::open(job, &self.files).await?);
        }
        self.viewer.as_ref().context("no model is open")
    }
}
