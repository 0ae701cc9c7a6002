//! What the engine tells, written into the page's signals.

use std::sync::Arc;

use leptos::prelude::*;
use spat_spec::{Command, EngineMessage, Event, Report};

use super::run_summary::name_finished;
use super::{Activity, Curve, EngineState, Page, Stage};

impl Page {
    /// Takes a notice of the worker.
    pub(crate) fn handle_message(self, message: EngineMessage) {
        match message {
            EngineMessage::Ready => self.worker.set(EngineState::Ready),
            EngineMessage::Device { facts, reason } => {
                self.device.set(Some(facts));
                self.device_reason.set(reason);
            }
            EngineMessage::Event(event) => self.handle_event(*event),
            EngineMessage::Forecast { forecast } => {
                self.forecast.set(Some(Ok(Arc::new(*forecast))));
            }
            EngineMessage::NoForecast { reason } => self.forecast.set(Some(Err(reason))),
            EngineMessage::NotStored { reason } => self.not_stored.set(Some(reason)),
            EngineMessage::Place { ahead } => self.place.set(Some(ahead)),
            EngineMessage::Broken { message } => self.broken(message),
            // The window's own line takes these.
            EngineMessage::Table { .. } | EngineMessage::MenuAction { .. } => {}
        }
    }

    /// The worker can do no more.
    pub(crate) fn broken(self, message: String) {
        self.worker.set(EngineState::Broken(message));
        if self.model.with_untracked(Option::is_some)
            && self.forecast.with_untracked(Option::is_none)
        {
            let words = "The engine ended before it could forecast; give the model once more.";
            self.forecast.set(Some(Err(words.to_owned())));
        }
        self.training.update(|training| {
            if training.activity.is_busy() {
                training.activity = Activity::Stopped;
            }
        });
    }

    fn handle_event(self, event: Event) {
        if self.run.with_untracked(Option::is_none) {
            // Said of a run that is closed by now.
            return;
        }
        match event {
            Event::Started { .. } => self.now(Activity::Running),
            Event::Device(facts) => self.device.set(Some(facts)),
            Event::Data(_) => {}
            Event::Past {
                phase,
                steps_per_epoch,
                epochs,
            } => self.training.update(|training| {
                let curve = training.curves.entry(phase).or_default();
                // What was seen here has every step, and not only every epoch.
                if curve.epochs.len() < epochs.len() {
                    *curve = Curve::of_epochs(&epochs, steps_per_epoch);
                }
            }),
            Event::Phase {
                phase,
                epochs,
                steps_per_epoch,
            } => self.training.update(|training| {
                training.phase = Some(phase);
                training.epochs = epochs;
                training.epoch = 1;
                training.step = 0;
                training.steps = epochs * steps_per_epoch;
                training.curves.entry(phase).or_default().steps_per_epoch = steps_per_epoch;
            }),
            Event::Progress {
                phase,
                epoch,
                step,
                steps,
                loss,
                steps_per_second,
                eta_seconds,
            } => self.training.update(|training| {
                training.phase = Some(phase);
                training.epoch = epoch;
                training.step = step;
                training.steps = steps;
                training.steps_per_second = steps_per_second;
                training.eta_seconds = eta_seconds;
                if let Some(loss) = loss {
                    let curve = training.curves.entry(phase).or_default();
                    curve.steps.push((step as f64, loss));
                }
            }),
            Event::Epoch { phase, result } => self.training.update(|training| {
                let curve = training.curves.entry(phase).or_default();
                curve.epochs.push(result);
            }),
            Event::Scores { scores } => self.scores.set(scores),
            Event::Maps { maps } => self.maps.set(Arc::new(maps)),
            Event::Trained { test_windows } => self.dense_is_trained(test_windows),
            // Of a model that made way for another in the meantime.
            Event::Window { .. } if self.trained.with_untracked(Option::is_none) => {}
            Event::Future { .. } if self.report.with_untracked(Option::is_none) => {}
            Event::Window { sample } => self.sample.set(Some(Arc::new(*sample))),
            Event::Future { forecast } => self.future.set(Some(Arc::new(*forecast))),
            Event::Plan { plan } => self.scores.set(plan.scores),
            Event::Warning { message } => self.notify(message),
            Event::Paused => self.now(Activity::Paused),
            Event::Stopped => self.now(Activity::Stopped),
            Event::Done { report } => self.finished(Arc::new(*report)),
            Event::Failed { message } => {
                self.notify(message);
                self.now(Activity::Failed);
            }
        }
    }

    fn now(self, activity: Activity) {
        self.training
            .update(|training| training.activity = activity);
    }

    fn dense_is_trained(self, test_windows: usize) {
        self.test_windows.set(test_windows);
        let summary = untrack(|| self.open_summary());
        let stage = summary.as_ref().map(|(_, summary)| summary.stage);
        let experiment = summary.map(|(_, summary)| summary.experiment);
        self.trained.set(experiment.clone().map(Arc::new));
        let then_prune = self.training.with_untracked(|training| training.then_prune);
        self.show_window(test_windows / 2);
        if let Some(experiment) = experiment
            && then_prune
        {
            // Not queued before, so that a stop ends both; it can be pressed all the while.
            let experiment = Box::new(experiment);
            return self.command(Command::Prune { experiment });
        }
        if matches!(stage, Some(Stage::Pruning | Stage::Finished)) {
            // A stop crossed this on its way: the pruning that would follow is what it meant.
            return self.now(Activity::Stopped);
        }
        self.now(Activity::Trained);
        self.update_summary(|summary| {
            if summary.stage == Stage::Training {
                summary.stage = Stage::Trained;
            }
        });
    }

    fn finished(self, report: Arc<Report>) {
        self.now(Activity::Finished);
        // Mostly those that are shown; all small maps would be painted once more.
        if self.maps.with_untracked(|maps| **maps != report.maps) {
            self.maps.set(Arc::new(report.maps.clone()));
        }
        self.sample.set(Some(Arc::new(report.sample.clone())));
        self.update_summary(|summary| {
            summary.stage = Stage::Finished;
            name_finished(summary, report.plan.ratio);
            summary.mse = Some((report.dense.test.mse, report.pruned.test.mse));
            summary.macs_percent = Some(report.change.macs_percent);
        });
        self.report.set(Some(report));
        self.forecast_future();
    }
}
