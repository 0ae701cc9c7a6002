//! How often the page hears how far a training is.
//!
//! It draws the loss anew each time, on the same cores that train. The longer a curve is, the less each
//! further point changes it: so the page hears less often as time goes on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use spat_spec::{Event, Notice};

/// The part of a phase's age that lies between two notices of its progress.
const PART: u32 = 5;

/// The longest that a person waits for the next one.
const LONGEST: Duration = Duration::from_secs(1);

/// What was told of the phase that is going.
#[derive(Default)]
pub(crate) struct Pace(Mutex<Option<Told>>);

struct Told {
    /// When the phase began.
    begun: Instant,
    /// When its progress was last told.
    last: Instant,
    /// Progress that was not.
    held: Option<Notice>,
}

impl Pace {
    /// What the page is to hear when this is said at `now`. Before anything but progress it hears the last
    /// progress there was.
    pub(crate) fn due(&self, notice: Notice, now: Instant) -> impl Iterator<Item = Notice> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, notice) = match &notice {
            Notice::Event(event) => match (&**event, told.as_mut()) {
                (Event::Phase { .. }, _) => {
                    let (begun, last) = (now, now);
                    let before = told.replace(Told {
                        begun,
                        last,
                        held: None,
                    });
                    (before.and_then(|told| told.held), Some(notice))
                }
                (Event::Progress { .. }, Some(told)) => {
                    let wait = (now.saturating_duration_since(told.begun) / PART).min(LONGEST);
                    if now.saturating_duration_since(told.last) >= wait {
                        told.last = now;
                        told.held = None;
                        (None, Some(notice))
                    } else {
                        told.held = Some(notice);
                        (None, None)
                    }
                }
                (_, told) => (told.and_then(|told| told.held.take()), Some(notice)),
            },
            _ => (None, Some(notice)),
        };
        held.into_iter().chain(notice)
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::Phase;

    use super::*;

    fn progress(step: usize) -> Notice {
        Notice::Event(Box::new(Event::Progress {
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
        let say = |notice: Notice, fifths: u64| {
            let now = begun + Duration::from_millis(200) * u32::try_from(fifths).unwrap();
            pace.due(notice, now).collect::<Vec<_>>()
        };
        let phase = Notice::Event(Box::new(Event::Phase {
            phase: Phase::Pretrain,
            epochs: 1,
            steps_per_epoch: 1000,
        }));
        assert_eq!(say(phase.clone(), 0), [phase]);
        let heard = |fifths: std::ops::Range<u64>| -> usize {
            fifths.map(|fifth| say(progress(1), fifth).len()).sum()
        };
        assert_eq!(heard(1..6), 5, "every one at first");
        assert_eq!(heard(6..21), 5, "fewer later");
        assert_eq!(heard(151..201), 10, "one a second at last");

        // The last word before anything else is not lost.
        assert_eq!(say(progress(1), 201), [progress(1)]);
        assert!(say(progress(2), 202).is_empty());
        assert!(say(progress(3), 203).is_empty());
        let paused = Notice::Event(Box::new(Event::Paused));
        assert_eq!(say(paused.clone(), 204), [progress(3), paused.clone()]);
        assert_eq!(say(paused.clone(), 205), [paused]);
    }
}
