//! What a visitor wants of a job that is going or waits to go on.

use spat_spec::{Command, Event};

use super::going::{Going, Intent, steer};
use super::state::Floor;
use crate::gate::VisitorId;
use crate::hall::visitor::Visitor;

impl Floor {
    pub(super) fn pause(&mut self, id: VisitorId) {
        if self.stop_going(id, Intent::Pause) {
            if let Some(going) = &mut self.going {
                (going.steps, going.more) = (0, 0);
            }
            return;
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        if let Some(job) = visitor.job()
            && !job.held
        {
            job.held = true;
            visitor.event(Event::Paused);
            self.turns.leave(id);
        }
    }

    /// Lets the visitor's job go on: for so many steps, or with 0 for good.
    pub(super) fn resume(&mut self, id: VisitorId, steps: usize) {
        if let Some(going) = self.going_of(id) {
            let stepping = going.stepping;
            let pausing = going.intent == Some(Intent::Pause);
            if steps > 0 && (stepping || pausing) {
                // The pause may not have taken effect yet.
                going.more = going.more.saturating_add(steps);
            } else if steps == 0 {
                (going.stepping, going.steps, going.more) = (false, 0, 0);
                if pausing {
                    going.intent = Some(Intent::Yield);
                } else if stepping {
                    steer(&going.steering, Command::Resume);
                }
            }
            return;
        }
        let job = self.visitors.get_mut(&id).and_then(Visitor::job);
        if let Some(job) = job.filter(|job| job.held) {
            job.held = false;
            job.steps = steps;
        }
    }

    pub(super) fn stop(&mut self, id: VisitorId) {
        if self.stop_going(id, Intent::Stop) {
            return;
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        if visitor.job().is_some() {
            visitor.tasks.pop_front();
            visitor.event(Event::Stopped);
            self.turns.leave(id);
        }
    }

    /// Whether this visitor's job is going; it is told to stop.
    pub(super) fn stop_going(&mut self, id: VisitorId, intent: Intent) -> bool {
        let Some(going) = self.going_of(id) else {
            return false;
        };
        // What the visitor wants outweighs what the server wanted.
        going.intent = Some(intent);
        steer(&going.steering, Command::Stop);
        true
    }

    /// The turn that is taken now, if it is a job of the page that this visitor has open.
    fn going_of(&mut self, id: VisitorId) -> Option<&mut Going> {
        let session = self.visitors.get(&id).map(|visitor| &visitor.session);
        let going = self.going.as_mut();
        going.filter(|going| going.visitor == id && going.is_job && Some(&going.session) == session)
    }
}
