//! The app's state: a struct of signals, provided to all components as context.

mod actions;
mod events;
mod history;
mod link;
mod plain_text;
mod reopen;
mod run_summary;
mod saved;
mod saved_model;
mod setup;
mod table;
mod tables;
mod training;

use std::sync::Arc;

use leptos::prelude::*;
use spat_spec::{
    DataConfig, DeviceFacts, Engine, Experiment, ForecastSample, FutureForecast, ModelForecast,
    ModuleId, ModuleMaps, Report, Score,
};

pub(crate) use link::{Link, change_field, field_in_address, link_in_address, link_is_damaged};
pub(crate) use run_summary::{RunSummary, Stage};
pub(crate) use saved_model::SavedModel;
pub(crate) use setup::{Preset, Setup};
pub(crate) use table::{LoadedTable, TableFile, TableSource};
pub(crate) use tables::too_large;
pub(crate) use training::{Activity, Curve, MEASURING, Training};

/// The state of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EngineState {
    /// Loading or connecting; requests are queued.
    Loading,
    /// The host has no place for this visitor yet; requests are queued. So many others get one earlier.
    Waiting(usize),
    /// Handles requests.
    Ready,
    /// Stopped, with the reason. A new one can be started.
    Broken(String),
}

/// All signals of the app. A copy is a handle on the same signals.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// 1 · The loaded table, read and repaired.
    pub(crate) table: RwSignal<Option<Arc<LoadedTable>>>,
    /// Why the last file could not be used.
    pub(crate) table_problem: RwSignal<Option<String>>,
    /// The last file that could not be used, until another can.
    pub(crate) refused: RwSignal<Option<Arc<TableSource>>>,
    /// Whether a table is being loaded from an address.
    pub(crate) loading: RwSignal<bool>,
    /// A saved model to forecast the table with.
    pub(crate) model: RwSignal<Option<Arc<SavedModel>>>,
    /// That model's forecast, or the reason why there is none.
    pub(crate) forecast: RwSignal<Option<Result<Arc<ModelForecast>, String>>>,
    /// How the table of the address is read, until a table that fits is loaded.
    pub(crate) linked: RwSignal<Option<DataConfig>>,
    /// Incremented when a table or a run is requested, so that late answers can be dropped.
    pub(crate) generation: RwSignal<usize>,
    /// 2 · Settings of the model and its training.
    pub(crate) setup: RwSignal<Setup>,
    /// How the setup was fitted to the last table.
    fit: RwSignal<Option<setup::Fit>>,
    /// The requested engine.
    pub(crate) engine: RwSignal<Engine>,
    /// The device that is used.
    pub(crate) device: RwSignal<Option<DeviceFacts>>,
    /// Why the device is not the requested one.
    pub(crate) device_reason: RwSignal<Option<String>>,
    /// The state of the engine.
    pub(crate) worker: RwSignal<EngineState>,
    /// How many visitors a shared engine serves first; `None` if the engine is not shared.
    pub(crate) queue_position: RwSignal<Option<usize>>,
    /// 3 · The current training, and its curves.
    pub(crate) training: RwSignal<Training>,
    /// Whether a job is running or paused.
    pub(crate) busy: Memo<bool>,
    /// Whether a job is running.
    pub(crate) working: Memo<bool>,
    /// Warnings and errors, the newest last.
    pub(crate) messages: RwSignal<Vec<String>>,
    /// The score of every module so far, from input to output.
    pub(crate) scores: RwSignal<Vec<Score>>,
    /// 4 · Maps of the dense model, once it is trained.
    pub(crate) maps: RwSignal<Arc<Vec<ModuleMaps>>>,
    /// The module under the pointer or the focus, in any section.
    pub(crate) pointed: RwSignal<Option<ModuleId>>,
    /// 5 · Share of the modules to remove, 0 to 1.
    pub(crate) ratio: RwSignal<f64>,
    /// The experiment of the trained dense model.
    pub(crate) trained: RwSignal<Option<Arc<Experiment>>>,
    /// The number of test windows.
    pub(crate) test_windows: RwSignal<usize>,
    /// 6 · The report of the finished run.
    pub(crate) report: RwSignal<Option<Arc<Report>>>,
    /// The test window that is shown; `pruned` is empty before pruning.
    pub(crate) sample: RwSignal<Option<Arc<ForecastSample>>>,
    /// The channel that charts show.
    pub(crate) channel: RwSignal<usize>,
    /// The forecasts after the table.
    pub(crate) future: RwSignal<Option<Arc<FutureForecast>>>,
    /// 7 · The name of the open run.
    pub(crate) run: RwSignal<Option<String>>,
    /// Stored runs, the newest first.
    pub(crate) summaries: RwSignal<Vec<(String, RunSummary)>>,
    /// Runs that were open in any tab when the history was loaded.
    pub(crate) elsewhere: RwSignal<Vec<String>>,
    /// Why runs are not stored, if they are not.
    pub(crate) not_stored: RwSignal<Option<String>>,
    /// The name of the example that is shown; no engine computed its results.
    pub(crate) saved: RwSignal<Option<String>>,
}

impl Page {
    /// The experiment of the scores. The setup may have been changed since it started.
    pub(crate) fn open_experiment(self) -> Option<Experiment> {
        if let Some(trained) = self.trained.get() {
            return Some(Experiment::clone(&trained));
        }
        let run = self.run.get()?;
        self.summaries.with(|summaries| {
            let (_, summary) = summaries.iter().find(|(id, _)| *id == run)?;
            Some(summary.experiment.clone())
        })
    }

    /// Whether `module` is under the pointer or the focus, in any section.
    pub(crate) fn is_pointed(self, module: &ModuleId) -> bool {
        self.pointed
            .with(|pointed| pointed.as_ref() == Some(module))
    }

    /// The label of the scores.
    pub(crate) fn score_label(self) -> String {
        let scorer = self.open_experiment().map(|experiment| experiment.scorer);
        spat_report::score_label(scorer.unwrap_or_default())
    }

    /// An empty state with the setup in the address.
    pub(crate) fn new() -> Self {
        let link = link_in_address();
        let (setup, ratio) = match &link {
            Some(link) => (link.setup.clone(), link.ratio),
            None => (Setup::default(), 0.5),
        };
        let mut messages = Vec::new();
        if link_is_damaged() {
            messages.push(
                "The setup in this link cannot be read; it may have been cut off. The default setup is used: ask for the link again."
                    .to_owned(),
            );
        }
        let training = RwSignal::new(Training::default());
        Self {
            table: RwSignal::new(None),
            table_problem: RwSignal::new(None),
            refused: RwSignal::new(None),
            loading: RwSignal::new(false),
            model: RwSignal::new(None),
            forecast: RwSignal::new(None),
            linked: RwSignal::new(link.map(Link::data)),
            generation: RwSignal::new(0),
            setup: RwSignal::new(setup),
            fit: RwSignal::new(None),
            engine: RwSignal::new(Engine::Auto),
            device: RwSignal::new(None),
            device_reason: RwSignal::new(None),
            worker: RwSignal::new(EngineState::Loading),
            queue_position: RwSignal::new(None),
            training,
            busy: Memo::new(move |_| training.with(|training| training.activity.is_busy())),
            working: Memo::new(move |_| training.with(|training| training.activity.is_working())),
            messages: RwSignal::new(messages),
            scores: RwSignal::new(Vec::new()),
            maps: RwSignal::new(Arc::default()),
            pointed: RwSignal::new(None),
            ratio: RwSignal::new(ratio),
            trained: RwSignal::new(None),
            test_windows: RwSignal::new(0),
            report: RwSignal::new(None),
            sample: RwSignal::new(None),
            channel: RwSignal::new(0),
            future: RwSignal::new(None),
            run: RwSignal::new(None),
            summaries: RwSignal::new(Vec::new()),
            elsewhere: RwSignal::new(Vec::new()),
            not_stored: RwSignal::new(None),
            saved: RwSignal::new(None),
        }
    }

    /// The state in the context.
    pub(crate) fn from_context() -> Self {
        expect_context()
    }
}
