//! The way past the queue, for commands that steer the job that is going.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spat_spec::{Command, EngineRequest};

/// A handle to the job of a session, usable from any thread. Clones reach the same job.
#[derive(Debug, Clone, Default)]
pub struct JobControl(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The way to the job that is going.
    going: Option<Sender<Command>>,
    /// Jobs that were ordered and have not begun.
    expected: usize,
    /// What the next of them finds when it begins.
    waiting: Vec<Command>,
    /// No job begins any more.
    closed: bool,
}

impl JobControl {
    /// Hands a command that steers to the job that is going, or to the next that was ordered; any
    /// other order comes back, for the queue.
    pub fn intercept(&self, request: EngineRequest) -> Option<EngineRequest> {
        let EngineRequest::Command(command) = request else {
            return Some(request);
        };
        let mut state = self.state();
        if !steers(&command) {
            state.expected += usize::from(is_job(&command));
            return Some(EngineRequest::Command(command));
        }
        match &state.going {
            // A job that has just ended needs no commands.
            Some(job) => drop(job.send(command)),
            None if state.expected > 0 => state.waiting.push(command),
            None => {}
        }
        None
    }

    /// A job will begin that comes by another way than [`intercept`](Self::intercept).
    pub fn expect(&self) {
        self.state().expected += 1;
    }

    /// What was expected has ended, or does not begin: nothing waits for it any more.
    pub fn forget(&self) {
        let mut state = self.state();
        let closed = state.closed;
        *state = State {
            closed,
            ..State::default()
        };
    }

    /// Whether a job is going.
    pub fn is_busy(&self) -> bool {
        self.state().going.is_some()
    }

    /// Stops the job that is going, so that it can be gone on with, and lets none begin any more.
    pub fn close(&self) {
        let mut state = self.state();
        if let Some(job) = state.going.take() {
            job.send(Command::Stop).ok();
        }
        state.closed = true;
    }

    /// A job begins and listens, also to what was said before; none does once this was closed.
    pub(super) fn begin(&self) -> Option<Receiver<Command>> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        let (sender, receiver) = channel();
        state.expected = state.expected.saturating_sub(1);
        for command in state.waiting.drain(..) {
            sender.send(command).ok();
        }
        state.going = Some(sender);
        Some(receiver)
    }

    pub(super) fn end(&self) {
        self.state().going = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain data: nothing that a panic could leave half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn steers(command: &Command) -> bool {
    matches!(
        command,
        Command::Pause | Command::Resume | Command::Step { .. } | Command::Stop
    )
}

fn is_job(command: &Command) -> bool {
    matches!(command, Command::Train { .. } | Command::Prune { .. })
}

#[cfg(test)]
mod tests {
    use spat_spec::{Experiment, ForecasterConfig, ITransformerConfig, TrainingConfig, Window};

    use super::*;

    fn train() -> EngineRequest {
        let training = TrainingConfig::default();
        EngineRequest::Command(Command::Train {
            experiment: Box::new(Experiment {
                data: Default::default(),
                forecaster: ForecasterConfig::ITransformer(ITransformerConfig::new(
                    Window::new(24, 12, 3),
                    false,
                )),
                finetune: Experiment::finetune_like(&training),
                training,
                scorer: Default::default(),
                send: Default::default(),
                prune: Default::default(),
                controls: Default::default(),
                seed: 1,
            }),
        })
    }

    fn received(job: &Receiver<Command>) -> Vec<Command> {
        job.try_iter().collect()
    }

    #[test]
    fn what_is_said_before_a_job_begins_reaches_it() {
        let job_control = JobControl::default();
        let stop = || EngineRequest::Command(Command::Stop);
        assert_eq!(
            job_control.intercept(stop()),
            None,
            "there is nothing to stop"
        );
        assert!(job_control.intercept(train()).is_some(), "for the queue");
        assert_eq!(job_control.intercept(stop()), None);
        let job = job_control.begin().unwrap();
        assert_eq!(received(&job), [Command::Stop]);
        job_control.intercept(EngineRequest::Command(Command::Pause));
        assert_eq!(received(&job), [Command::Pause]);
        job_control.end();

        job_control.intercept(stop());
        job_control.intercept(train());
        assert_eq!(
            received(&job_control.begin().unwrap()),
            [],
            "sent to no job"
        );
        job_control.end();

        job_control.expect();
        job_control.intercept(stop());
        job_control.forget();
        job_control.intercept(train());
        assert_eq!(received(&job_control.begin().unwrap()), [], "the other's");
        job_control.close();
        assert!(job_control.begin().is_none());
    }
}
