//! What the engine says while a turn is taken.

use std::time::Instant;

use spat_spec::{Command, EngineMessage, Event};

use super::going::{Intent, steer};
use super::state::Floor;

impl Floor {
    /// What the engine says during a turn: passed on, unless it is about turns and not about the
    /// job.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "whoever tells keeps nothing of it"
    )]
    pub(in crate::hall) fn hear(&mut self, notice: EngineMessage, now: Instant) {
        let Some(going) = &mut self.going else {
            return;
        };
        if let EngineMessage::Event(event) = &notice {
            going.failed |= matches!(**event, Event::Failed { .. });
        }
        let Some(visitor) = self
            .visitors
            .get_mut(&going.visitor)
            .filter(|visitor| visitor.session == going.session)
        else {
            return;
        };
        let passed_on = match &notice {
            // The host's device is told once; a run is opened anew for every turn.
            EngineMessage::Ready | EngineMessage::Device { .. } | EngineMessage::Place { .. } => {
                false
            }
            // A window's own.
            EngineMessage::Table { .. } | EngineMessage::MenuAction { .. } => false,
            EngineMessage::Forecast { .. } | EngineMessage::NoForecast { .. } => true,
            EngineMessage::NotStored { .. } | EngineMessage::Broken { .. } => true,
            EngineMessage::Event(event) => match &**event {
                Event::Started { .. } => {
                    if going.stepping {
                        let steps = going.steps;
                        steer(&going.steering, Command::Pause);
                        steer(&going.steering, Command::Step { steps });
                    }
                    !going.continued
                }
                Event::Device(_) | Event::Data(_) | Event::Past { .. } => !going.continued,
                Event::Phase { phase, .. } => {
                    let known = going.continued && going.phase == Some(*phase);
                    going.phase = Some(*phase);
                    if let Some(job) = visitor.job() {
                        job.phase = Some(*phase);
                    }
                    !known
                }
                Event::Progress { .. } => {
                    going.moved = true;
                    // A job that goes step by step tells of each.
                    going.steps = going.steps.saturating_sub(1);
                    true
                }
                Event::Epoch { .. } => {
                    going.moved = true;
                    true
                }
                Event::Paused => {
                    going.pauses += 1;
                    // Unless the visitor has let it go on for good meanwhile.
                    if going.pauses == 2 && going.stepping {
                        // The last of the granted steps is taken.
                        going.steps = 0;
                        going.intent.get_or_insert(Intent::Pause);
                        steer(&going.steering, Command::Stop);
                    }
                    false
                }
                Event::Stopped => {
                    going.stopped = true;
                    false
                }
                _ => true,
            },
        };
        if passed_on {
            visitor.tell(&notice);
        }
        self.watch(now);
    }

    /// Whether the turn that is taken has met an error.
    pub(in crate::hall) fn has_failed(&self) -> bool {
        self.going.as_ref().is_some_and(|going| going.failed)
    }
}
