//! The running turn.

use std::sync::mpsc::Sender;
use std::time::Instant;

use spat_spec::{Command, Phase};

use crate::auth::VisitorId;

/// The running turn of a job or a query.
pub(super) struct RunningJob {
    pub(super) visitor: VisitorId,
    pub(super) session: String,
    /// Control commands to the engine process.
    pub(super) commands: Sender<Command>,
    pub(super) since: Instant,
    /// `false` for a query.
    pub(super) is_job: bool,
    /// The job had an earlier turn, so the page knows how it started.
    pub(super) continued: bool,
    pub(super) phase: Option<Phase>,
    /// The visitor paused the job and runs single steps.
    pub(super) stepping: bool,
    /// Steps that remain in this turn.
    pub(super) steps: usize,
    /// Steps that were requested during this turn, for the next one.
    pub(super) extra_steps: usize,
    /// Number of [`spat_spec::Event::Paused`] in this turn.
    pub(super) pause_events: usize,
    /// Why the job was told to stop, if it was.
    pub(super) stop_reason: Option<StopReason>,
    /// The job made progress in this turn.
    pub(super) progressed: bool,
    pub(super) stopped: bool,
}

/// Why a job was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopReason {
    /// Its turn is over, and other visitors wait.
    Yield,
    /// The visitor paused it.
    Pause,
    /// The visitor stopped it.
    Stop,
    /// It reached the time limit of a job.
    TooLong,
    /// The visitor was disconnected for too long.
    Away,
    /// The visitor opened another page.
    Forget,
}

impl RunningJob {
    /// Sends the running job a command that bypasses the queue.
    pub(super) fn send(&self, command: Command) {
        // Without a receiver, the turn has just ended.
        self.commands.send(command).ok();
    }
}
