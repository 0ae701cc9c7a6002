//! Messages of the engine during a turn.

use std::time::Instant;

use spat_spec::{Command, EngineMessage, Event};

use super::running_job::StopReason;
use super::state::SchedulerState;

impl SchedulerState {
    /// Updates the running turn and forwards the message to the page, unless it is about turns rather
    /// than the job.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the engine's callback passes messages by value"
    )]
    pub(in crate::shared_engine) fn handle_message(
        &mut self,
        message: EngineMessage,
        now: Instant,
    ) {
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(visitor) = self
            .visitors
            .get_mut(&running.visitor)
            .filter(|visitor| visitor.session == running.session)
        else {
            return;
        };
        let forward = match &message {
            // The scheduler sends these itself; every turn opens its run again.
            EngineMessage::Ready | EngineMessage::Device { .. } | EngineMessage::Place { .. } => {
                false
            }
            // These are for the desktop app.
            EngineMessage::Table { .. } | EngineMessage::MenuAction { .. } => false,
            EngineMessage::Forecast { .. } | EngineMessage::NoForecast { .. } => true,
            EngineMessage::NotStored { .. } | EngineMessage::Broken { .. } => true,
            EngineMessage::Event(event) => match &**event {
                Event::Started { .. } | Event::Device(_) | Event::Data(_) | Event::Past { .. } => {
                    !running.continued
                }
                Event::Phase { phase, .. } => {
                    let known = running.continued && running.phase == Some(*phase);
                    running.phase = Some(*phase);
                    if let Some(job) = visitor.job() {
                        job.phase = Some(*phase);
                    }
                    !known
                }
                Event::Progress { .. } => {
                    running.progressed = true;
                    // A stepping job reports each step.
                    running.steps = running.steps.saturating_sub(1);
                    true
                }
                Event::Epoch { .. } => {
                    running.progressed = true;
                    true
                }
                Event::Paused => {
                    running.pause_events += 1;
                    // The first pause is the start of stepping, the second its end. The visitor may
                    // have resumed the job in the meantime.
                    if running.pause_events == 2 && running.stepping {
                        running.steps = 0;
                        running.stop_reason.get_or_insert(StopReason::Pause);
                        running.send(Command::Stop);
                    }
                    false
                }
                Event::Stopped => {
                    running.stopped = true;
                    false
                }
                _ => true,
            },
        };
        if forward {
            visitor.send(&message);
        }
        self.enforce_limits(now);
    }
}
