//! The actions of the controls.

use leptos::prelude::*;
use spat_spec::{Command, Engine, EngineRequest, Experiment, Phase};

use super::run_summary::NO_RATIO_SUFFIX;
use super::{Activity, LoadedTable, Page, RunSummary, Stage, Training, link};
use crate::engine;

/// Opens a run in the engine: a new one with its table, or a stored one.
pub(super) fn open(run: String, table: String, engine: Engine, bytes: Option<&[u8]>) {
    engine::send(&EngineRequest::Open { run, table, engine }, bytes);
}

impl Page {
    /// The experiment of the current setup and table.
    pub(crate) fn experiment(self) -> Option<Experiment> {
        let table = self.table.get()?;
        let setup = self.setup.get();
        Some(setup.experiment(
            table.data.clone(),
            table.series.channel_count(),
            table.has_dates(),
            self.ratio.get(),
        ))
    }

    /// The reason why the experiment cannot run, if there is one.
    pub(crate) fn setup_error(self) -> Option<String> {
        let table = self.table.get()?;
        let experiment = self.experiment()?;
        if let Err(error) = experiment.check() {
            return Some(error.to_string());
        }
        let forecaster = &experiment.forecaster;
        let split = experiment.data.split.apply_to(
            &table.series,
            forecaster.lookback(),
            forecaster.horizon(),
        );
        split.err().map(|error| error.to_string())
    }

    /// Requests an engine, and its device.
    pub(crate) fn choose_engine(self, wanted: Engine) {
        self.engine.set(wanted);
        engine::send(&EngineRequest::Find { engine: wanted }, None);
    }

    /// Trains and scores the dense model.
    pub(crate) fn train(self) {
        let (Some(experiment), Some(table)) =
            (untrack(|| self.experiment()), self.table.get_untracked())
        else {
            return;
        };
        self.next_generation();
        self.write_address();
        self.clear_results();
        self.training
            .update(|training| training.activity = Activity::Starting);
        let begun = js_sys::Date::now();
        let run = self.run_name(&experiment, &table, begun);
        self.run.set(Some(run.clone()));
        let engine = self.engine.get_untracked();
        let summary = RunSummary {
            title: format!(
                "{} · {} layers{NO_RATIO_SUFFIX}",
                table.file.name,
                experiment.forecaster.modules().len()
            ),
            table: table.file.name.clone(),
            experiment: experiment.clone(),
            engine,
            stage: Stage::Training,
            begun,
            mse: None,
            macs_percent: None,
        };
        self.store_summary(run.clone(), summary);
        open(
            run,
            table.file.name.clone(),
            engine,
            Some(&table.file.bytes),
        );
        self.command(Command::Train {
            experiment: Box::new(experiment),
        });
    }

    /// A new, unique name for a run; in the desktop app, the name of its folder.
    fn run_name(self, experiment: &Experiment, table: &LoadedTable, begun: f64) -> String {
        if !engine::is_native() {
            // Two tabs may start a run in the same millisecond.
            return format!("{begun:.0}-{:06.0}", 1e6 * js_sys::Math::random());
        }
        let name = &*table.file.name;
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        // The browser's Unicode tables, so that the module needs none.
        let others = js_sys::RegExp::new(r"[^\p{Alphabetic}\p{N}._-]", "gu");
        let stem = js_sys::JsString::from(stem.trim_start_matches(['.', '-']));
        let stem = String::from(stem.replace_by_pattern(&others, "-"));
        let stem: String = stem.chars().take(60).collect();
        let first = format!(
            "{stem}-{}",
            experiment.forecaster.name().to_ascii_lowercase()
        );
        let taken = |name: &str| {
            self.summaries
                // File systems of Windows and macOS usually ignore case.
                .with_untracked(|summaries| {
                    summaries
                        .iter()
                        .any(|(id, _)| id.eq_ignore_ascii_case(name))
                })
        };
        let mut name = first.clone();
        let mut number = 2;
        while taken(&name) {
            name = format!("{first}-{number}");
            number += 1;
        }
        name
    }

    /// Prunes the dense model by the chosen ratio, fine-tunes and reports.
    pub(crate) fn prune(self) {
        let Some(trained) = self.trained.get_untracked() else {
            return;
        };
        let mut experiment = Experiment::clone(&trained);
        let setup = self.setup.get_untracked();
        experiment.prune = setup.prune_rule(self.ratio.get_untracked(), experiment.prune);
        self.write_address();
        self.report.set(None);
        self.future.set(None);
        let failed = self
            .training
            .with_untracked(|training| training.activity == Activity::Failed);
        self.training.update(|training| {
            // Remove the results of an earlier ratio.
            training.curves.retain(|phase, _| *phase == Phase::Pretrain);
            *training = Training {
                activity: Activity::Starting,
                curves: std::mem::take(&mut training.curves),
                ..Training::default()
            };
        });
        // A new engine has no run open, and a failed device may be lost.
        let renewed = self.replace_broken_engine();
        if let Some((run, summary)) = self.open_summary()
            && (renewed || failed)
        {
            open(run, summary.table, summary.engine, None);
        }
        self.update_summary(|summary| {
            summary.stage = Stage::Pruning;
            summary.experiment = experiment.clone();
        });
        self.command(Command::Prune {
            experiment: Box::new(experiment),
        });
    }

    /// Shows the setup of another run, except what a teacher's link locks.
    pub(super) fn show_setup(self, experiment: &Experiment) {
        if !link::is_locked("preset") {
            self.setup.update(|setup| setup.read_back(experiment));
        }
        if !link::is_locked("ratio") {
            self.ratio.set(experiment.prune.ratio);
        }
    }

    /// Pauses before the next step.
    pub(crate) fn pause(self) {
        self.command(Command::Pause);
    }

    /// Continues after a pause.
    pub(crate) fn resume(self) {
        self.training
            .update(|training| training.activity = Activity::Running);
        self.command(Command::Resume);
    }

    /// Runs some steps, then pauses again.
    pub(crate) fn step(self, steps: usize) {
        self.command(Command::Step { steps });
    }

    /// Stops the job, which can be resumed.
    pub(crate) fn stop(self) {
        self.training.update(|training| training.then_prune = false);
        self.command(Command::Stop);
    }

    /// Forecasts one test window with the models trained so far.
    pub(crate) fn show_window(self, window: usize) {
        self.command(Command::Window { window });
    }

    /// Forecasts past the last row.
    pub(crate) fn forecast_future(self) {
        self.command(Command::Future);
    }

    pub(super) fn command(self, command: Command) {
        engine::send(&EngineRequest::Command(command), None);
    }

    /// Adds a notice.
    pub(crate) fn notify(self, message: impl Into<String>) {
        self.messages
            .update(|messages| messages.push(message.into()));
    }
}
