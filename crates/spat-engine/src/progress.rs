//! Progress events and the time left of a phase.

use std::time::Duration;

use spat_spec::{Event, Phase};
use web_time::Instant;

/// Minimum interval between progress events; a step may take longer.
const EVERY: Duration = Duration::from_millis(150);

/// Minimum interval between score events: scores change slowly, and reading them waits for the device.
const SCORES_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    phase: Phase,
    steps_per_epoch: usize,
    steps: usize,
    last: Instant,
    last_step: usize,
    last_scores: Instant,
    speed: Option<f64>,
}

impl Progress {
    pub(crate) fn new(phase: Phase, steps_per_epoch: usize, steps: usize, done: usize) -> Self {
        Self {
            phase,
            steps_per_epoch,
            steps,
            last: Instant::now(),
            last_step: done,
            last_scores: Instant::now(),
            speed: None,
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.last.elapsed() >= EVERY
    }

    /// Whether the scores are due to be emitted again; if so, restarts the interval.
    pub(crate) fn are_scores_due(&mut self) -> bool {
        let due = self.last_scores.elapsed() >= SCORES_EVERY;
        if due {
            self.last_scores = Instant::now();
        }
        due
    }

    /// The event after `step` steps.
    pub(crate) fn event(&mut self, step: usize, loss: Option<f64>) -> Event {
        let recent = (step - self.last_step) as f64 / self.last.elapsed().as_secs_f64().max(1e-9);
        // Smoothed, so that the estimate does not jump with every pause of the system.
        let speed = self
            .speed
            .map_or(recent, |speed| 0.8 * speed + 0.2 * recent);
        self.speed = Some(speed);
        self.last = Instant::now();
        self.last_step = step;
        Event::Progress {
            phase: self.phase,
            epoch: step.saturating_sub(1) / self.steps_per_epoch.max(1) + 1,
            step,
            steps: self.steps,
            loss,
            steps_per_second: speed,
            eta_seconds: self.steps.saturating_sub(step) as f64 / speed.max(1e-9),
        }
    }
}
