//! Start, limits and end of a turn on the device.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use spat_spec::{Command, Event, Phase};

use super::running_job::{RunningJob, StopReason};
use super::state::SchedulerState;
use crate::auth::VisitorId;
use crate::shared_engine::visitor::{OpenRun, Task, Visitor};

/// One command to run on the device.
pub(in crate::shared_engine) struct Turn {
    pub(in crate::shared_engine) visitor: VisitorId,
    pub(in crate::shared_engine) open: OpenRun,
    pub(in crate::shared_engine) command: Command,
    /// Control commands that the job receives before its first step.
    pub(in crate::shared_engine) first_commands: Vec<Command>,
    /// Control commands to the running job, until the turn ends.
    pub(in crate::shared_engine) commands: Receiver<Command>,
}

impl SchedulerState {
    /// Starts the next turn, if any visitor waits for one.
    pub(in crate::shared_engine) fn next_turn(&mut self, now: Instant) -> Option<Turn> {
        if self.closed || self.running.is_some() {
            return None;
        }
        self.remove_absent(now);
        while let Some(id) = self.queue.pop() {
            let Some(visitor) = self.visitors.get_mut(&id) else {
                continue;
            };
            let Some(open) = visitor.open.clone() else {
                visitor.tasks.pop_front();
                let reason = visitor.open_error.clone();
                visitor.send_event(Event::Failed {
                    message: reason
                        .unwrap_or_else(|| "no table is open yet; open one first".to_owned()),
                });
                self.update_queue(id);
                continue;
            };
            let (command, job) = match visitor.tasks.front() {
                Some(Task::Job(job)) => (job.command.clone(), Some(job.clone())),
                Some(Task::Query(command)) => (command.clone(), None),
                _ => continue,
            };
            let steps = job.as_ref().map_or(0, |job| job.steps);
            let first_commands = match steps {
                0 => Vec::new(),
                steps => vec![Command::Pause, Command::Step { steps }],
            };
            let (sender, commands) = channel();
            self.running = Some(RunningJob {
                visitor: id,
                session: visitor.session.clone(),
                commands: sender,
                since: now,
                is_job: job.is_some(),
                continued: job.as_ref().is_some_and(|job| job.started),
                phase: job.as_ref().and_then(|job| job.phase),
                stepping: steps > 0,
                steps,
                extra_steps: 0,
                pause_events: 0,
                stop_reason: None,
                progressed: false,
                stopped: false,
            });
            self.report_positions();
            return Some(Turn {
                visitor: id,
                open,
                command,
                first_commands,
                commands,
            });
        }
        None
    }

    /// Stops the running job if it has reached a limit.
    pub(in crate::shared_engine) fn enforce_limits(&mut self, now: Instant) {
        let Some(running) = &self.running else {
            return;
        };
        if !running.is_job || running.stop_reason.is_some() {
            return;
        }
        let id = running.visitor;
        let elapsed = now.saturating_duration_since(running.since);
        // A job that yields before its first step would never progress, and the scoring pass has no
        // checkpoint to resume from.
        let may_yield = running.progressed && running.phase != Some(Phase::Score);
        let rules = self.rules;
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        let absent = visitor.is_absent(rules.absence, now);
        let earlier = visitor.job().map_or(Duration::ZERO, |job| job.device_time);
        if earlier + elapsed > rules.job {
            self.stop_running(id, StopReason::TooLong);
        } else if absent {
            self.stop_running(id, StopReason::Away);
        } else if elapsed > rules.turn && may_yield && !self.queue.is_empty() {
            self.stop_running(id, StopReason::Yield);
        }
    }

    /// Ends the turn. `stored`: the run's folder exists now, so the upload is not needed any more.
    /// `failure`: how the engine process failed, if it did. A job then continues once in its next turn, and
    /// fails the second time.
    pub(in crate::shared_engine) fn end_turn(
        &mut self,
        stored: bool,
        failure: Option<&str>,
        now: Instant,
    ) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let (id, rules, closed) = (running.visitor, self.rules, self.closed);
        let Some(visitor) = self
            .visitors
            .get_mut(&id)
            .filter(|visitor| visitor.session == running.session)
        else {
            // The visitor has opened another page, whose requests waited for this end.
            self.update_queue(id);
            self.report_positions();
            return;
        };
        if stored && let Some(open) = &mut visitor.open {
            open.upload = None;
        }
        let elapsed = now.saturating_duration_since(running.since);
        let reason = if closed { None } else { running.stop_reason };
        let continues = matches!(reason, None | Some(StopReason::Yield | StopReason::Pause));
        if let Some(failure) = failure {
            if continues && !closed {
                handle_failure(visitor, &running, failure, elapsed);
                self.update_queue(id);
                self.report_positions();
                return;
            }
            // A job that was told to end has ended, at its last checkpoint.
            running.stopped = true;
        }
        match reason.filter(|_| running.is_job && running.stopped) {
            Some(StopReason::Yield | StopReason::Pause) => suspend(visitor, &running, elapsed),
            Some(StopReason::TooLong) => {
                visitor.tasks.pop_front();
                visitor.send_event(Event::Warning {
                    message: format!(
                        "this training has used the {} minutes that the server gives to one, and was \
                         stopped; its progress is kept",
                        rules.job.as_secs() / 60
                    ),
                });
                visitor.send_event(Event::Stopped);
            }
            Some(StopReason::Stop | StopReason::Away | StopReason::Forget) => {
                visitor.tasks.pop_front();
                visitor.send_event(Event::Stopped);
            }
            None if running.stopped => {
                visitor.tasks.clear();
                visitor.send_event(Event::Warning {
                    message: "the server is shutting down; the run is kept, resume it when the \
                              server is back"
                        .to_owned(),
                });
                visitor.send_event(Event::Stopped);
            }
            None => {
                visitor.tasks.pop_front();
            }
        }
        self.update_queue(id);
        self.report_positions();
    }
}

/// Keeps the job for its next turn, or until the visitor resumes it.
fn suspend(visitor: &mut Visitor, running: &RunningJob, elapsed: Duration) {
    let steps = running.steps + running.extra_steps;
    let pausing = running.stop_reason == Some(StopReason::Pause) || running.stepping;
    let paused = pausing && steps == 0;
    if let Some(job) = visitor.job() {
        job.started = true;
        job.device_time += elapsed;
        job.paused = paused;
        job.steps = steps;
    }
    if paused {
        visitor.send_event(Event::Paused);
    }
}

/// Lets a job continue once after a failure of the engine process, and ends any other task.
fn handle_failure(visitor: &mut Visitor, running: &RunningJob, failure: &str, elapsed: Duration) {
    let run = visitor.open.as_ref().map(|open| open.run.clone());
    let run = run.unwrap_or_default();
    let job = visitor.job().filter(|_| running.is_job);
    if let Some(job) = job.filter(|job| !job.engine_failed) {
        job.engine_failed = true;
        visitor.send_event(Event::Warning {
            message: format!("the server's engine {failure}; the run `{run}` is resumed"),
        });
        suspend(visitor, running, elapsed);
        if let Some(job) = visitor.job() {
            // The page receives the beginning again, because it may be ahead of the checkpoint.
            (job.started, job.phase) = (false, None);
        }
        return;
    }
    visitor.tasks.pop_front();
    let message = if running.is_job {
        format!(
            "the run `{run}` was ended: the server's engine {failure}, for the second time in this \
             training; progress up to its last checkpoint is kept. Make the model or the batch smaller, \
             or compute in your own browser"
        )
    } else {
        format!(
            "nothing was forecast with the run `{run}`: the server's engine {failure}; try again"
        )
    };
    visitor.send_event(Event::Failed { message });
}
