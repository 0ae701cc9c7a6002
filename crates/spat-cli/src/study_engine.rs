//! The engine of a study: threads of this process, or a queueing system.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ArgMatches;
use spat_study::{Engine, External, Queue, Threads};

use crate::args::{EngineName, StudyArgs};
use crate::study_work::at_once;
use crate::{command_line, queue};

/// What executes the tasks of a study.
pub(crate) struct StudyEngine {
    name: EngineName,
    queue: Option<Box<dyn Queue>>,
    /// The study's folder, absolute: tasks start in other folders.
    folder: PathBuf,
}

impl StudyEngine {
    /// As the arguments name it.
    pub(crate) fn new(args: &StudyArgs, folder: &Path) -> anyhow::Result<Self> {
        let folder = std::path::absolute(folder).context("cannot find the current folder")?;
        Ok(Self {
            name: args.engine.engine,
            queue: queue::chosen(&args.engine, &args.device, &folder)?,
            folder,
        })
    }

    /// Whether tasks are executed by other processes.
    pub(crate) fn is_queue(&self) -> bool {
        self.queue.is_some()
    }

    /// What executes the tasks, for a message.
    pub(crate) fn description(&self, threads: usize) -> String {
        match self.name {
            EngineName::Threads => at_once(threads),
            name => format!("tasks are executed by {}", queue::title(name)),
        }
    }

    /// A study's command with the engine's flags.
    pub(crate) fn command(&self, command: &str, given: Option<&ArgMatches>) -> String {
        let flags = given.map(command_line::engine_settings).unwrap_or_default();
        let words = std::iter::once(command.to_owned()).chain(flags);
        words.collect::<Vec<_>>().join(" ")
    }

    /// The queueing system as an engine.
    pub(crate) fn external(&self) -> Option<External<'_>> {
        let queue = self.queue.as_deref()?;
        Some(External::new(queue, &self.folder))
    }
}

/// The queueing system, or else the threads.
pub(crate) fn chosen<'a>(
    external: Option<&'a External<'a>>,
    threads: &'a Threads,
) -> &'a dyn Engine {
    match external {
        Some(external) => external,
        None => threads,
    }
}
