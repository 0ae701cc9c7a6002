//! Shutdown of the server.

use spat_spec::Command;

use super::state::SchedulerState;
use crate::shared_engine::visitor::Visitor;

impl SchedulerState {
    /// Starts no further turns, and stops the running one at a checkpoint.
    pub(in crate::shared_engine) fn close(&mut self) {
        self.closed = true;
        if let Some(running) = &self.running {
            running.send(Command::Stop);
        }
    }

    /// Marks all messages as final, and wakes the connections to send them.
    pub(in crate::shared_engine) fn finish(&mut self) {
        self.finished = true;
        self.visitors.values().for_each(Visitor::notify);
    }
}
