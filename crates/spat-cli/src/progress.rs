//! Progress display of a run.

use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spat_spec::{EpochResult, Event, Phase, Plan};

use crate::args::TalkArgs;
use crate::output;

/// Lines above a progress bar. Cheap to clone: the handler of Ctrl-C has a clone.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    bars: Option<MultiProgress>,
}

impl Lines {
    /// With bars if standard error is a terminal, `quiet` is not set, and no JSON is printed to the same
    /// terminal.
    pub(crate) fn new(talk: TalkArgs) -> Self {
        let bars = output::stderr_is_terminal()
            && !talk.quiet
            && !(talk.json && output::stdout_is_terminal());
        Self {
            bars: bars
                .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10))),
        }
    }

    /// One line on standard error.
    pub(crate) fn note(&self, text: &str) {
        match &self.bars {
            // Without it the bar is incomplete, which does not affect the run.
            Some(bars) => _ = bars.println(text),
            None => output::note(text),
        }
    }
}

/// The events of a run as bars and lines.
#[derive(Debug)]
pub(crate) struct View {
    lines: Lines,
    bar: Option<ProgressBar>,
    /// Largest number of epochs of the phase.
    epochs: usize,
    quiet: bool,
}

impl View {
    /// A view that prints through `lines`.
    pub(crate) fn new(lines: Lines, talk: TalkArgs) -> Self {
        Self {
            lines,
            bar: None,
            epochs: 0,
            quiet: talk.quiet || talk.json,
        }
    }

    /// Shows an event.
    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Started { resumed: true, .. } => self.fact("going on where the run was stopped"),
            Event::Data(data) => {
                let w = data.windows;
                self.fact(&format!(
                    "{}: {} × {}, step {}; windows: {} train, {} validation, {} test",
                    data.name,
                    spat_report::number::plural(data.rows, "row"),
                    spat_report::number::plural(data.channels, "channel"),
                    data.frequency,
                    w.train,
                    w.val,
                    w.test
                ));
            }
            Event::Phase {
                phase,
                epochs,
                steps_per_epoch,
            } => self.begin(*phase, *epochs, *steps_per_epoch),
            Event::Progress {
                epoch,
                step,
                loss,
                eta_seconds,
                ..
            } => {
                self.step(*epoch, *step, *loss, *eta_seconds);
            }
            Event::Epoch { result, .. } => self.epoch(result),
            Event::Plan { plan } => self.above(&plan_line(plan)),
            Event::Warning { message } => self.lines.note(&format!("warning: {message}")),
            Event::Done { .. } | Event::Stopped | Event::Failed { .. } => self.end(),
            _ => {}
        }
    }

    fn begin(&mut self, phase: Phase, epochs: usize, steps_per_epoch: usize) {
        self.end();
        self.epochs = epochs;
        let Some(bars) = &self.lines.bars else {
            return;
        };
        let steps = epochs * steps_per_epoch;
        let bar = if phase == Phase::Evaluate || steps == 0 {
            let style = ProgressStyle::with_template("{prefix} {spinner}");
            let bar = bars.add(ProgressBar::new_spinner());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
                .with_prefix(phase.title())
        } else {
            // The heading stays above the phase's epochs after the bar is removed.
            self.lines.note(phase.title());
            let style = ProgressStyle::with_template("  {wide_bar} {pos}/{len}  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            bars.add(ProgressBar::new(steps as u64))
                .with_style(style.progress_chars("━╸─"))
        };
        self.bar = Some(bar);
    }

    fn step(&self, epoch: usize, step: usize, loss: Option<f64>, eta_seconds: f64) {
        let Some(bar) = &self.bar else { return };
        let loss = loss.map_or_else(String::new, |loss| format!("loss {loss:.4}  "));
        let eta = HumanDuration(Duration::from_secs_f64(eta_seconds.clamp(0.0, 1e8)));
        bar.set_position(step as u64);
        bar.set_message(format!("epoch {epoch}/{}  {loss}{eta:#} left", self.epochs));
    }

    fn epoch(&self, result: &EpochResult) {
        let best = if result.best { "  best" } else { "" };
        self.above(&format!(
            "  epoch {:>2}/{}  train {:.4}  validation {:.4}  rate {:.1e}  {:.1} s{best}",
            result.epoch,
            self.epochs,
            result.train_loss,
            result.val_mse,
            result.learning_rate,
            result.seconds
        ));
    }

    /// A line that is only useful on a terminal.
    fn above(&self, line: &str) {
        if self.lines.bars.is_some() {
            self.lines.note(line);
        }
    }

    fn fact(&self, line: &str) {
        if !self.quiet {
            self.lines.note(line);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.end();
    }
}

fn plan_line(plan: &Plan) -> String {
    let names: Vec<&str> = plan.removed.iter().map(|module| module.as_str()).collect();
    match names.as_slice() {
        [] => "removing no attention module".to_owned(),
        _ => format!(
            "removing {} of {} attention modules: {}",
            names.len(),
            plan.scores.len(),
            names.join(", ")
        ),
    }
}
