//! What a person can make the page do.

use leptos::prelude::*;
use spat_spec::{Command, Engine, EngineRequest, Experiment, Phase};

use super::run_summary::TO_CHOOSE;
use super::{Activity, LoadedTable, Page, RunSummary, Stage, Training, link};
use crate::engine;

/// Opens a run in the engine: a new one with its table, or one that is kept.
pub(super) fn open(run: String, table: String, engine: Engine, bytes: Option<&[u8]>) {
    engine::send(&EngineRequest::Open { run, table, engine }, bytes);
}

impl Page {
    /// The experiment that the controls describe, for the table that is loaded.
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

    /// Why the experiment cannot run, if it cannot.
    pub(crate) fn objection(self) -> Option<String> {
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

    /// Asks which device would compute.
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
        self.begin_anew();
        self.write_address();
        self.forget_results();
        self.training
            .update(|training| training.activity = Activity::Starting);
        let begun = js_sys::Date::now();
        let run = self.run_name(&experiment, &table, begun);
        self.run.set(Some(run.clone()));
        let engine = self.engine.get_untracked();
        let summary = RunSummary {
            title: format!(
                "{} · {} layers{TO_CHOOSE}",
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
        self.keep(run.clone(), summary);
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

    /// A name that no run has yet. On disk people read it.
    fn run_name(self, experiment: &Experiment, table: &LoadedTable, begun: f64) -> String {
        if !engine::is_native() {
            // Two tabs may start a run in the same millisecond.
            return format!("{begun:.0}-{:06.0}", 1e6 * js_sys::Math::random());
        }
        let name = &*table.file.name;
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        // By the browser's letters and digits: the page has no list of its own.
        let others = js_sys::RegExp::new(r"[^\p{Alphabetic}\p{N}._-]", "gu");
        let stem = js_sys::JsString::from(stem.trim_start_matches('.'));
        let stem = String::from(stem.replace_by_pattern(&others, "-"));
        let stem: String = stem.chars().take(60).collect();
        let first = format!(
            "{stem}-{}",
            experiment.forecaster.name().to_ascii_lowercase()
        );
        let taken = |name: &str| {
            self.summaries
                // Most disks of Windows and macOS take no two names that differ in case only.
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

    /// Prunes the dense model by the ratio chosen, fine-tunes and reports.
    pub(crate) fn prune(self) {
        let Some(trained) = self.trained.get_untracked() else {
            return;
        };
        let mut experiment = Experiment::clone(&trained);
        let setup = self.setup.get_untracked();
        experiment.prune.ratio = self.ratio.get_untracked();
        experiment.prune.granularity = setup.granularity;
        self.write_address();
        self.report.set(None);
        self.future.set(None);
        let failed = self
            .training
            .with_untracked(|training| training.activity == Activity::Failed);
        self.training.update(|training| {
            // What an earlier ratio led to makes way.
            training.curves.retain(|phase, _| *phase == Phase::Pretrain);
            *training = Training {
                activity: Activity::Starting,
                curves: std::mem::take(&mut training.curves),
                ..Training::default()
            };
        });
        // A new engine has nothing open, and a device that failed may be lost.
        let renewed = self.revive();
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

    /// Shows the sizes of another run's experiment, unless a teacher's link settles them.
    pub(super) fn trained_by(self, experiment: &Experiment) {
        if !link::is_locked("preset") {
            self.setup.update(|setup| setup.read_back(experiment));
        }
        if !link::is_locked("ratio") {
            self.ratio.set(experiment.prune.ratio);
        }
    }

    /// Halts before the next step.
    pub(crate) fn pause(self) {
        self.command(Command::Pause);
    }

    /// Goes on.
    pub(crate) fn resume(self) {
        self.training
            .update(|training| training.activity = Activity::Running);
        self.command(Command::Resume);
    }

    /// Some steps, then a pause again.
    pub(crate) fn step(self, steps: usize) {
        self.command(Command::Step { steps });
    }

    /// Ends the job; it can be gone on with.
    pub(crate) fn stop(self) {
        self.training.update(|training| training.then_prune = false);
        self.command(Command::Stop);
    }

    /// Forecasts one test window with the models that there are.
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

    /// Adds a sentence for the person.
    pub(crate) fn notify(self, message: impl Into<String>) {
        self.messages
            .update(|messages| messages.push(message.into()));
    }
}
