//! Delivery of control commands to the running job, bypassing the request queue.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spat_spec::{Command, EngineRequest};

/// A handle to the job of a session, usable from any thread. Clones reach the same job.
#[derive(Debug, Clone, Default)]
pub struct JobControl(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Sender to the running job.
    running: Option<Sender<Command>>,
    /// Number of requested jobs that have not begun.
    expected: usize,
    /// Commands for the next of them.
    waiting: Vec<Command>,
    /// Whether new jobs are refused.
    closed: bool,
}

impl JobControl {
    /// Delivers a control command to the running job, or to the next requested one. Returns any other
    /// request, for the queue.
    pub fn intercept(&self, request: EngineRequest) -> Option<EngineRequest> {
        let EngineRequest::Command(command) = request else {
            return Some(request);
        };
        let mut state = self.state();
        if !steers(&command) {
            state.expected += usize::from(is_job(&command));
            return Some(EngineRequest::Command(command));
        }
        match &state.running {
            // A job that has just ended needs no commands.
            Some(job) => drop(job.send(command)),
            None if state.expected > 0 => state.waiting.push(command),
            None => {}
        }
        None
    }

    /// Announces a job that does not pass through [`intercept`](Self::intercept).
    pub fn expect(&self) {
        self.state().expected += 1;
    }

    /// Cancels the announcement of a job that has ended or will not begin.
    pub fn forget(&self) {
        let mut state = self.state();
        let closed = state.closed;
        *state = State {
            closed,
            ..State::default()
        };
    }

    /// Whether a job is running.
    pub fn is_busy(&self) -> bool {
        self.state().running.is_some()
    }

    /// Stops the running job, so that it can be resumed, and refuses new ones.
    pub fn close(&self) {
        let mut state = self.state();
        if let Some(job) = state.running.take() {
            job.send(Command::Stop).ok();
        }
        state.closed = true;
    }

    /// Begins a job and returns its commands, including those sent before it began; `None` after
    /// [`close`](Self::close).
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
        state.running = Some(sender);
        Some(receiver)
    }

    pub(super) fn end(&self) {
        self.state().running = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Ignores poisoning: the state is plain data that a panic cannot leave inconsistent.
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
    fn commands_sent_before_a_job_begins_reach_it() {
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
