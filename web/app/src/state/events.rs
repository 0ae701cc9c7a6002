//! Handles the engine's messages by setting signals.

use std::sync::Arc;

use leptos::prelude::*;
use spat_spec::{Command, EngineMessage, Event, Report};

use super::run_summary::name_finished;
use super::{Activity, Curve, EngineState, Page, Stage};

impl Page {
    /// Handles a message.
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
            EngineMessage::Place { ahead } => self.queue_position.set(Some(ahead)),
            EngineMessage::Broken { message } => self.on_broken(message),
            // Handled by the desktop app's connection.
            EngineMessage::Table { .. } | EngineMessage::MenuAction { .. } => {}
        }
    }

    /// The engine has stopped and cannot continue.
    pub(crate) fn on_broken(self, message: String) {
        self.worker.set(EngineState::Broken(message));
        if self.model.with_untracked(Option::is_some)
            && self.forecast.with_untracked(Option::is_none)
        {
            let words = "The engine stopped before it could forecast; open the model again.";
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
            // An event of a run that has been closed.
            return;
        }
        match event {
            Event::Started { .. } => self.set_activity(Activity::Running),
            Event::Device(facts) => self.device.set(Some(facts)),
            Event::Data(_) => {}
            Event::Past {
                phase,
                steps_per_epoch,
                epochs,
            } => self.training.update(|training| {
                let curve = training.curves.entry(phase).or_default();
                // A curve recorded here has every step, not only every epoch.
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
                    curve.add_loss(step as f64, loss);
                }
            }),
            Event::Epoch { phase, result } => self.training.update(|training| {
                let curve = training.curves.entry(phase).or_default();
                curve.add_epoch(result);
            }),
            Event::Scores { scores } => self.scores.set(scores),
            Event::Maps { maps } => self.maps.set(Arc::new(maps)),
            Event::Trained { test_windows } => self.on_trained(test_windows),
            // The model has been replaced in the meantime.
            Event::Window { .. } if self.trained.with_untracked(Option::is_none) => {}
            Event::Future { .. } if self.report.with_untracked(Option::is_none) => {}
            Event::Window { sample } => self.sample.set(Some(Arc::new(*sample))),
            Event::Future { forecast } => self.future.set(Some(Arc::new(*forecast))),
            Event::Plan { plan } => self.scores.set(plan.scores),
            Event::Warning { message } => self.notify(message),
            Event::Paused => self.set_activity(Activity::Paused),
            Event::Stopped => self.set_activity(Activity::Stopped),
            Event::Done { report } => self.on_finished(Arc::new(*report)),
            Event::Failed { message } => {
                self.notify(message);
                self.set_activity(Activity::Failed);
            }
        }
    }

    fn set_activity(self, activity: Activity) {
        self.training
            .update(|training| training.activity = activity);
    }

    fn on_trained(self, test_windows: usize) {
        self.test_windows.set(test_windows);
        let summary = untrack(|| self.open_summary());
        let stage = summary.as_ref().map(|(_, summary)| summary.stage);
        let experiment = summary.map(|(_, summary)| summary.experiment);
        self.trained.set(experiment.clone().map(Arc::new));
        let then_prune = self.training.with_untracked(|training| training.then_prune);
        self.show_window(test_windows / 2);
        // Without attention modules there is nothing to choose before the evaluation.
        let is_decided = then_prune
            || experiment
                .as_ref()
                .is_some_and(|experiment| experiment.forecaster.modules().is_empty());
        if let Some(experiment) = experiment
            && is_decided
        {
            // Not queued earlier, so that a stop during the training also cancels the pruning.
            let experiment = Box::new(experiment);
            return self.command(Command::Prune { experiment });
        }
        if matches!(stage, Some(Stage::Pruning | Stage::Finished)) {
            // A stop was sent before this message arrived; it cancels the pruning.
            return self.set_activity(Activity::Stopped);
        }
        self.set_activity(Activity::Trained);
        self.update_summary(|summary| {
            if summary.stage == Stage::Training {
                summary.stage = Stage::Trained;
            }
        });
    }

    fn on_finished(self, report: Arc<Report>) {
        self.set_activity(Activity::Finished);
        // Usually unchanged; setting them would repaint all small maps.
        if self.maps.with_untracked(|maps| **maps != report.maps) {
            self.maps.set(Arc::new(report.maps.clone()));
        }
        self.sample.set(Some(Arc::new(report.sample.clone())));
        self.update_summary(|summary| {
            summary.stage = Stage::Finished;
            name_finished(summary, &report.plan.rule);
            summary.mse = Some((report.dense.test.mse, report.pruned.test.mse));
            summary.macs_percent = Some(report.change.macs_percent);
        });
        self.report.set(Some(report));
        self.forecast_future();
    }
}
