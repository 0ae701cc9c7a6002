//! How often the page hears how far a training is.
//!
//! It draws the loss anew each time, on the same cores that train. The longer a curve is, the less each
//! further point changes it: so the page hears less often as time goes on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use spat_spec::{EngineMessage, Event};

/// The part of a phase's age that lies between two notices of its progress.
const PART: u32 = 5;

/// The longest that a person waits for the next one.
const LONGEST: Duration = Duration::from_secs(1);

/// What was told of the phase that is going.
#[derive(Default)]
pub(crate) struct Pace(Mutex<Option<Reported>>);

struct Reported {
    /// When the phase began.
    begun: Instant,
    /// When its progress was last told.
    last: Instant,
    /// Progress that was not.
    held: Option<EngineMessage>,
}

impl Pace {
    /// What the page is to hear when this is said at `now`. Before anything but progress it hears the last
    /// progress there was.
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
    fn the_page_hears_less_often_as_time_goes_on() {
        let (pace, begun) = (Pace::default(), Instant::now());
        let report = |message: EngineMessage, fifths: u64| {
            let now = begun + Duration::from_millis(200) * u32::try_from(fifths).unwrap();
            pace.due(message, now).collect::<Vec<_>>()
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

        // The last word before anything else is not lost.
        assert_eq!(report(progress(1), 201), [progress(1)]);
        assert!(report(progress(2), 202).is_empty());
        assert!(report(progress(3), 203).is_empty());
        let paused = EngineMessage::Event(Box::new(Event::Paused));
        assert_eq!(report(paused.clone(), 204), [progress(3), paused.clone()]);
        assert_eq!(report(paused.clone(), 205), [paused]);
    }
}
