//! Pause, resume, step and stop of a visitor's job.

use spat_spec::{Command, Event};

use super::running_job::{RunningJob, StopReason};
use super::state::SchedulerState;
use crate::auth::VisitorId;
use crate::shared_engine::visitor::Visitor;

impl SchedulerState {
    pub(super) fn pause(&mut self, id: VisitorId) {
        if self.stop_running(id, StopReason::Pause) {
            if let Some(running) = &mut self.running {
                (running.steps, running.extra_steps) = (0, 0);
            }
            return;
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        if let Some(job) = visitor.job()
            && !job.paused
        {
            job.paused = true;
            visitor.send_event(Event::Paused);
            self.queue.remove(id);
        }
    }

    /// Resumes the visitor's job for a number of steps; 0 means until its end.
    pub(super) fn resume(&mut self, id: VisitorId, steps: usize) {
        if let Some(running) = self.running_job_of(id) {
            let stepping = running.stepping;
            let pausing = running.stop_reason == Some(StopReason::Pause);
            if steps > 0 && (stepping || pausing) {
                // The job may not have handled the pause yet.
                running.extra_steps = running.extra_steps.saturating_add(steps);
            } else if steps == 0 {
                (running.stepping, running.steps, running.extra_steps) = (false, 0, 0);
                if pausing {
                    running.stop_reason = Some(StopReason::Yield);
                } else if stepping {
                    running.send(Command::Resume);
                }
            }
            return;
        }
        let job = self.visitors.get_mut(&id).and_then(Visitor::job);
        if let Some(job) = job.filter(|job| job.paused) {
            job.paused = false;
            job.steps = steps;
        }
    }

    pub(super) fn stop(&mut self, id: VisitorId) {
        if self.stop_running(id, StopReason::Stop) {
            return;
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        if visitor.job().is_some() {
            visitor.tasks.pop_front();
            visitor.send_event(Event::Stopped);
            self.queue.remove(id);
        }
    }

    /// Stops the running job if it is this visitor's, and returns whether it is.
    pub(super) fn stop_running(&mut self, id: VisitorId, reason: StopReason) -> bool {
        let Some(running) = self.running_job_of(id) else {
            return false;
        };
        // A visitor's reason replaces the server's.
        running.stop_reason = Some(reason);
        running.send(Command::Stop);
        true
    }

    /// The running turn, if it is a job of the page that this visitor has open.
    fn running_job_of(&mut self, id: VisitorId) -> Option<&mut RunningJob> {
        let session = self.visitors.get(&id).map(|visitor| &visitor.session);
        let running = self.running.as_mut();
        running.filter(|running| {
            running.visitor == id && running.is_job && Some(&running.session) == session
        })
    }
}
