//! A turn on the device, from its beginning to its end.

use std::time::{Duration, Instant};

use spat_engine::session::JobControl;
use spat_spec::{Command, Event, Phase};

use super::going::{Going, Intent};
use super::state::Floor;
use crate::gate::VisitorId;
use crate::hall::visitor::{Open, Task};

/// What the engine's thread does next.
pub(in crate::hall) struct Turn {
    pub(in crate::hall) visitor: VisitorId,
    pub(in crate::hall) open: Open,
    pub(in crate::hall) command: Command,
}

impl Floor {
    /// The next turn, if anybody waits.
    pub(in crate::hall) fn next_turn(
        &mut self,
        steering: &JobControl,
        now: Instant,
    ) -> Option<Turn> {
        if self.closed || self.going.is_some() {
            return None;
        }
        self.clear(now);
        while let Some(id) = self.turns.next() {
            let Some(visitor) = self.visitors.get_mut(&id) else {
                continue;
            };
            let Some(open) = visitor.open.clone() else {
                visitor.tasks.pop_front();
                let refused = visitor.refused.clone();
                visitor.event(Event::Failed {
                    message: refused
                        .unwrap_or_else(|| "no table is open yet; open one first".to_owned()),
                });
                self.settle(id);
                continue;
            };
            let (command, going) = match visitor.tasks.front() {
                Some(Task::Job(job)) => (job.command.clone(), Some(job.clone())),
                Some(Task::Look(command)) => (command.clone(), None),
                _ => continue,
            };
            if going.is_some() {
                // What is said before the desk has begun reaches the job all the same.
                steering.expect();
            }
            self.going = Some(Going {
                visitor: id,
                session: visitor.session.clone(),
                steering: steering.clone(),
                since: now,
                is_job: going.is_some(),
                continued: going.as_ref().is_some_and(|job| job.begun),
                phase: going.as_ref().and_then(|job| job.phase),
                stepping: going.as_ref().is_some_and(|job| job.steps > 0),
                steps: going.map_or(0, |job| job.steps),
                more: 0,
                pauses: 0,
                intent: None,
                moved: false,
                stopped: false,
                failed: false,
            });
            self.announce();
            return Some(Turn {
                visitor: id,
                open,
                command,
            });
        }
        None
    }

    /// Stops the job that is going if it has had its share.
    pub(in crate::hall) fn watch(&mut self, now: Instant) {
        let Some(going) = &self.going else {
            return;
        };
        if !going.is_job || going.intent.is_some() {
            return;
        }
        let (id, taken) = (going.visitor, now.saturating_duration_since(going.since));
        // A turn that ends before its first step would come again and again for nothing; and the pass
        // that only scores has no checkpoint to go on from.
        let may_yield = going.moved && going.phase != Some(Phase::Score);
        let rules = self.rules;
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        let away = visitor
            .away
            .is_some_and(|since| now.saturating_duration_since(since) > rules.absence);
        let spent = visitor.job().map_or(Duration::ZERO, |job| job.spent);
        if spent + taken > rules.job {
            self.stop_going(id, Intent::TooLong);
        } else if away {
            self.stop_going(id, Intent::Away);
        } else if taken > rules.turn && may_yield && !self.turns.is_empty() {
            self.stop_going(id, Intent::Yield);
        }
    }

    /// The turn is over. `began`: the run has its folder now, and the upload is not needed.
    pub(in crate::hall) fn end_turn(&mut self, began: bool, now: Instant) {
        let Some(going) = self.going.take() else {
            return;
        };
        going.steering.forget();
        let (id, rules, closed) = (going.visitor, self.rules, self.closed);
        let Some(visitor) = self
            .visitors
            .get_mut(&id)
            .filter(|visitor| visitor.session == going.session)
        else {
            // Another page of the visitor, whose orders have waited for this end.
            self.settle(id);
            self.announce();
            return;
        };
        if began && let Some(open) = &mut visitor.open {
            open.upload = None;
        }
        let taken = now.saturating_duration_since(going.since);
        let intent = if closed { None } else { going.intent };
        match intent.filter(|_| going.is_job && going.stopped) {
            Some(Intent::Yield | Intent::Pause) => {
                // Of the steps that the visitor granted, those that were not done yet.
                let steps = going.steps + going.more;
                let paused = intent == Some(Intent::Pause) || going.stepping;
                let held = paused && steps == 0;
                if let Some(job) = visitor.job() {
                    job.begun = true;
                    job.spent += taken;
                    job.held = held;
                    job.steps = steps;
                }
                if held {
                    visitor.event(Event::Paused);
                }
            }
            Some(Intent::TooLong) => {
                visitor.tasks.pop_front();
                visitor.event(Event::Warning {
                    message: format!(
                        "this training has had the {} minutes that the server gives to one, and was \
                         stopped; what was done is kept",
                        rules.job.as_secs() / 60
                    ),
                });
                visitor.event(Event::Stopped);
            }
            Some(Intent::Stop | Intent::Away | Intent::Forget) => {
                visitor.tasks.pop_front();
                visitor.event(Event::Stopped);
            }
            None if going.stopped => {
                visitor.tasks.clear();
                visitor.event(Event::Warning {
                    message:
                        "the server is ending; the run is kept, go on with it when the server \
                              is back"
                            .to_owned(),
                });
                visitor.event(Event::Stopped);
            }
            None => {
                visitor.tasks.pop_front();
            }
        }
        self.settle(id);
        self.announce();
    }
}
