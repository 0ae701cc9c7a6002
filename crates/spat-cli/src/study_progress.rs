//! Progress display of a study: one bar for all workers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use spat_study::StudyEvent;

use crate::output;

/// Cheap to clone: workers and the handler of Ctrl-C have clones.
#[derive(Debug, Clone)]
pub(crate) struct StudyView {
    bar: Option<ProgressBar>,
    /// Tasks in progress, with the number of workers of each.
    busy: Arc<Mutex<BTreeMap<String, usize>>>,
    quiet: bool,
}

impl StudyView {
    /// With a bar if standard error is a terminal and `quiet` is not set.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = (output::stderr_is_terminal() && !quiet).then(|| {
            let style = ProgressStyle::with_template(
                "{prefix}\n  {wide_bar} {pos}/{len} tasks  {elapsed}\n  {wide_msg}",
            );
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar =
                ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar.with_style(style.progress_chars("━╸─"))
        });
        Self {
            bar,
            busy: Arc::default(),
            quiet,
        }
    }

    /// Shows an event.
    pub(crate) fn show(&self, event: &StudyEvent) {
        match event {
            StudyEvent::Part(name) => match &self.bar {
                Some(bar) => bar.set_prefix(name.clone()),
                None if !self.quiet => output::note(name),
                None => {}
            },
            StudyEvent::Wanted { tasks, known } => {
                if let Some(bar) = &self.bar {
                    bar.inc_length(*tasks as u64);
                    bar.inc(*known as u64);
                }
            }
            StudyEvent::Began(label) => {
                self.now(|busy| *busy.entry(label.clone()).or_default() += 1);
            }
            StudyEvent::Ended(label) => {
                self.now(|busy| {
                    if let Some(workers) = busy.get_mut(label) {
                        *workers = workers.saturating_sub(1);
                    }
                    busy.retain(|_, workers| *workers > 0);
                });
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
            }
        }
    }

    /// A line above the bar.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::note(text),
        }
    }

    /// Removes the bar.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn now(&self, change: impl FnOnce(&mut BTreeMap<String, usize>)) {
        let Some(bar) = &self.bar else { return };
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut busy);
        let labels: Vec<&str> = busy.keys().map(String::as_str).collect();
        bar.set_message(labels.join("  ·  "));
    }
}
