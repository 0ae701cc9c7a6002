//! Rate limit of progress events to the web app.
//!
//! The web app redraws the loss curve for each event, on the CPU cores that train. The longer the curve,
//! the less each further point changes it, so the interval between events grows with the age of the phase.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use spat_spec::{EngineMessage, Event};

/// Divisor of the age of a phase that gives the interval between progress events.
const PART: u32 = 5;

/// Maximum interval.
const LONGEST: Duration = Duration::from_secs(1);

/// Rate limiter with the state of the current phase.
#[derive(Default)]
pub(crate) struct ProgressLimit(Mutex<Option<Reported>>);

struct Reported {
    /// When the phase began.
    begun: Instant,
    /// When its progress was last sent.
    last: Instant,
    /// Progress that was held back.
    held: Option<EngineMessage>,
}

impl ProgressLimit {
    /// The messages to send when `message` arrives at `now`. Held progress is sent before any other
    /// message.
    pub(crate) fn due(
        &self,
        message: EngineMessage,
        now: Instant,
    ) -> impl Iterator<Item = EngineMessage> {
        let mut reported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, message) = match &message {
            EngineMessage::Event(event) => match (&**event, reported.as_mut()) {
                (Event::Phase { .. }, _) => {
                    let (begun, last) = (now, now);
                    let before = reported.replace(Reported {
                        begun,
                        last,
                        held: None,
                    });
                    (before.and_then(|reported| reported.held), Some(message))
                }
                (Event::Progress { .. }, Some(reported)) => {
                    let wait = (now.saturating_duration_since(reported.begun) / PART).min(LONGEST);
                    if now.saturating_duration_since(reported.last) >= wait {
                        reported.last = now;
                        reported.held = None;
                        (None, Some(message))
                    } else {
                        reported.held = Some(message);
                        (None, None)
                    }
                }
                (_, reported) => (
                    reported.and_then(|reported| reported.held.take()),
                    Some(message),
                ),
            },
            _ => (None, Some(message)),
        };
        held.into_iter().chain(message)
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::Phase;

    use super::*;

    fn progress(step: usize) -> EngineMessage {
        EngineMessage::Event(Box::new(Event::Progress {
            phase: Phase::Pretrain,
            epoch: 1,
            step,
            steps: 1000,
            loss: None,
            steps_per_second: 1.0,
            eta_seconds: 1.0,
        }))
    }

    #[test]
    fn the_interval_grows_with_the_age_of_a_phase() {
        let (limit, begun) = (ProgressLimit::default(), Instant::now());
        let report = |message: EngineMessage, fifths: u64| {
            let now = begun + Duration::from_millis(200) * u32::try_from(fifths).unwrap();
            limit.due(message, now).collect::<Vec<_>>()
        };
        let phase = EngineMessage::Event(Box::new(Event::Phase {
            phase: Phase::Pretrain,
            epochs: 1,
            steps_per_epoch: 1000,
        }));
        assert_eq!(report(phase.clone(), 0), [phase]);
        let reports = |fifths: std::ops::Range<u64>| -> usize {
            fifths.map(|fifth| report(progress(1), fifth).len()).sum()
        };
        assert_eq!(reports(1..6), 5, "every one at first");
        assert_eq!(reports(6..21), 5, "fewer later");
        assert_eq!(reports(151..201), 10, "one a second at last");

        // Held progress is sent before another message.
        assert_eq!(report(progress(1), 201), [progress(1)]);
        assert!(report(progress(2), 202).is_empty());
        assert!(report(progress(3), 203).is_empty());
        let paused = EngineMessage::Event(Box::new(Event::Paused));
        assert_eq!(report(paused.clone(), 204), [progress(3), paused.clone()]);
        assert_eq!(report(paused.clone(), 205), [paused]);
    }
}
