//! How a front end steers a running job and hears of it.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use spat_spec::{Command, Event};
use web_time::Instant;

use crate::platform;

/// Commands in, events out.
pub struct Control<'a> {
    commands: Receiver<Command>,
    emit: Box<dyn FnMut(Event) + 'a>,
    paused: bool,
    /// Steps still allowed while paused.
    granted: usize,
    last_yield: Instant,
    /// Whether others on the thread are let in between steps.
    breathes: bool,
}

/// What the job should do before its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Go,
    Stop,
}

/// How long a browser may wait for the engine's thread, and a paused engine for a command.
const BREATH: Duration = Duration::from_millis(20);

impl<'a> Control<'a> {
    /// A job steered by `commands` that tells `emit` what happens.
    pub fn new(commands: Receiver<Command>, emit: impl FnMut(Event) + 'a) -> Self {
        Self {
            commands,
            emit: Box::new(emit),
            paused: false,
            granted: 0,
            last_yield: Instant::now(),
            breathes: true,
        }
    }

    /// Never lets others in between steps, so that the job is done in one go by whoever polls it: for
    /// a thread that has nothing else to do.
    pub fn in_one_go(mut self) -> Self {
        self.breathes = false;
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

    /// Whether a person goes step by step, and wants to see each.
    pub(crate) fn is_stepping(&self) -> bool {
        self.paused
    }

    /// Obeys all waiting commands; waits here while paused.
    pub(crate) async fn before_step(&mut self) -> Next {
        loop {
            if self.breathes && self.last_yield.elapsed() > BREATH {
                // First, so that what a person asks for in the meantime is obeyed at once.
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
                        self.warn("a run is already going; stop it before you start another");
                    }
                }
            }
            if self.paused && self.granted == 0 {
                platform::sleep(BREATH).await;
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
}
