//! The turn that is taken now, and why it is to end.

use std::time::Instant;

use spat_engine::session::JobControl;
use spat_spec::{Command, EngineRequest, Phase};

use crate::gate::VisitorId;

/// The turn that is taken now.
pub(super) struct Going {
    pub(super) visitor: VisitorId,
    pub(super) session: String,
    pub(super) steering: JobControl,
    pub(super) since: Instant,
    pub(super) is_job: bool,
    /// A job that goes on from an earlier turn: the page has heard how it began.
    pub(super) continued: bool,
    pub(super) phase: Option<Phase>,
    /// The visitor has paused it and lets it go by steps.
    pub(super) stepping: bool,
    /// Those that were granted and are not done.
    pub(super) steps: usize,
    /// Steps that were granted since, for the next turn.
    pub(super) more: usize,
    pub(super) pauses: usize,
    pub(super) intent: Option<Intent>,
    /// It has come further in this turn.
    pub(super) moved: bool,
    pub(super) stopped: bool,
    pub(super) failed: bool,
}

/// Why a job was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Others wait; it goes on later.
    Yield,
    /// The visitor paused it.
    Pause,
    /// The visitor ended it.
    Stop,
    /// It has used what one job may.
    TooLong,
    /// The visitor went away and did not come back in time.
    Away,
    /// Its page is gone.
    Forget,
}

/// Sends a command past the queue to the job that is going.
pub(super) fn steer(steering: &JobControl, command: Command) {
    // A job that has just ended needs no steering.
    steering.intercept(EngineRequest::Command(command));
}
