//! Control of a running job by a front end.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use spat_spec::{Command, Event};
use web_time::Instant;

use crate::error::JobError;
use crate::platform;

/// Command receiver and event sink of a job.
pub struct Control<'a> {
    commands: Receiver<Command>,
    emit: Box<dyn FnMut(Event) + 'a>,
    paused: bool,
    /// Steps that may still run while paused.
    granted: usize,
    last_yield: Instant,
    /// Whether the job yields to other tasks of its thread between steps.
    yields: bool,
}

/// What the job should do before its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Go,
    Stop,
}

/// Maximum time between two yields, and between two polls for commands while paused.
const YIELD_INTERVAL: Duration = Duration::from_millis(20);

impl<'a> Control<'a> {
    /// Control of a job that receives `commands` and passes events to `emit`.
    pub fn new(commands: Receiver<Command>, emit: impl FnMut(Event) + 'a) -> Self {
        Self {
            commands,
            emit: Box::new(emit),
            paused: false,
            granted: 0,
            last_yield: Instant::now(),
            yields: true,
        }
    }

    /// Never yields between steps, so that the job completes in a single poll. For a thread without other
    /// tasks.
    pub fn without_yielding(mut self) -> Self {
        self.yields = false;
        self
    }

    pub(crate) fn emit(&mut self, event: Event) {
        (self.emit)(event);
    }

    pub(crate) fn warn(&mut self, message: impl Into<String>) {
        self.emit(Event::Warning {
            message: message.into(),
        });
    }

    /// Whether the job is paused and runs single steps, each of which is reported.
    pub(crate) fn is_stepping(&self) -> bool {
        self.paused
    }

    /// Control of work that no front end commands and that reports nothing.
    pub(crate) fn detached() -> Self {
        Self::new(std::sync::mpsc::channel().1, |_| {}).without_yielding()
    }

    /// Handles all waiting commands; waits here while paused.
    pub(crate) async fn before_step(&mut self) -> Next {
        loop {
            if self.handle_commands().await == Next::Stop {
                return Next::Stop;
            }
            if self.paused && self.granted == 0 {
                platform::sleep(YIELD_INTERVAL).await;
                continue;
            }
            if self.paused {
                self.granted -= 1;
                if self.granted == 0 {
                    self.emit(Event::Paused);
                }
            }
            return Next::Go;
        }
    }

    /// Handles all waiting commands between two batches of an evaluation, which are no steps: a pause that
    /// arrives here takes effect here, but an evaluation after a single step is completed.
    ///
    /// # Errors
    /// [`JobError::Stopped`] after a stop command.
    pub(crate) async fn between_batches(&mut self) -> Result<(), JobError> {
        let paused_before = self.paused;
        loop {
            if self.handle_commands().await == Next::Stop {
                return Err(JobError::Stopped);
            }
            if paused_before || !self.paused || self.granted > 0 {
                return Ok(());
            }
            platform::sleep(YIELD_INTERVAL).await;
        }
    }

    async fn handle_commands(&mut self) -> Next {
        if self.yields && self.last_yield.elapsed() > YIELD_INTERVAL {
            // Yields first, so that commands that arrive in the meantime are handled at once.
            platform::yield_now().await;
            self.last_yield = Instant::now();
        }
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Pause => {
                    self.paused = true;
                    self.granted = 0;
                    self.emit(Event::Paused);
                }
                Command::Resume => self.paused = false,
                Command::Step { steps } => self.granted = steps,
                Command::Stop => return Next::Stop,
                Command::Train { .. }
                | Command::Prune { .. }
                | Command::Window { .. }
                | Command::Future => {
                    self.warn("a job is already running; stop it before you start another");
                }
            }
        }
        Next::Go
    }
}
