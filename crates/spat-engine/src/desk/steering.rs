//! The way past the queue, for commands that steer the job that is going.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spat_spec::{Command, Order};

/// A handle on the job of a desk, from any thread. Clones reach the same job.
#[derive(Debug, Clone, Default)]
pub struct Steering(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Going(Sender<Command>),
    /// No job begins any more.
    Closed,
}

impl Steering {
    /// Hands a command that steers to the job that is going; any other order comes back, for the
    /// queue.
    pub fn divert(&self, order: Order) -> Option<Order> {
        match order {
            Order::Command(command) if steers(&command) => {
                if let State::Going(job) = &*self.state() {
                    // A job that has just ended needs no steering.
                    job.send(command).ok();
                }
                None
            }
            order => Some(order),
        }
    }

    /// Whether a job is going.
    pub fn is_busy(&self) -> bool {
        matches!(*self.state(), State::Going(_))
    }

    /// Stops the job that is going, so that it can be gone on with, and lets none begin any more.
    pub fn close(&self) {
        let mut state = self.state();
        if let State::Going(job) = &*state {
            job.send(Command::Stop).ok();
        }
        *state = State::Closed;
    }

    /// A job begins and listens; none does once this was closed.
    pub(super) fn begin(&self) -> Option<Receiver<Command>> {
        let mut state = self.state();
        if matches!(*state, State::Closed) {
            return None;
        }
        let (sender, receiver) = channel();
        *state = State::Going(sender);
        Some(receiver)
    }

    pub(super) fn end(&self) {
        let mut state = self.state();
        if matches!(*state, State::Going(_)) {
            *state = State::Idle;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A sender or none: nothing that a panic could leave half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn steers(command: &Command) -> bool {
    matches!(
        command,
        Command::Pause | Command::Resume | Command::Step { .. } | Command::Stop
    )
}
