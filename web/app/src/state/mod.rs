//! What the page knows: one bundle of signals, handed to every section by context.

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

pub(crate) use link::{Link, change_field, field_in_address, link_in_address};
pub(crate) use run_summary::{RunSummary, Stage};
pub(crate) use saved_model::SavedModel;
pub(crate) use setup::{Preset, Setup};
pub(crate) use table::{LoadedTable, RefusedTable, TableFile};
pub(crate) use tables::too_large;
pub(crate) use training::{Activity, Curve, MEASURING, Training};

/// The worker with the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EngineState {
    /// Its module is on the way; orders wait.
    Loading,
    /// It listens.
    Ready,
    /// It can do no more: what it said, and a button for a new one.
    Broken(String),
}

/// Every signal of the page. A copy is a handle on the same signals.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// 1 · The table that is loaded, read and repaired.
    pub(crate) table: RwSignal<Option<Arc<LoadedTable>>>,
    /// Why the last table could not be used.
    pub(crate) table_problem: RwSignal<Option<String>>,
    /// The file that could not be used, until one can.
    pub(crate) refused: RwSignal<Option<Arc<RefusedTable>>>,
    /// Whether a table is on its way from an address.
    pub(crate) loading: RwSignal<bool>,
    /// A saved model, brought to forecast the table with.
    pub(crate) model: RwSignal<Option<Arc<SavedModel>>>,
    /// What that model says of the table, or why it says nothing.
    pub(crate) forecast: RwSignal<Option<Result<Arc<ModelForecast>, String>>>,
    /// How the address says that its table was read, until that table has come.
    pub(crate) linked: RwSignal<Option<DataConfig>>,
    /// How often a table or a run was asked for or begun: what comes late is known by it.
    pub(crate) begun: RwSignal<usize>,
    /// 2 · What the person chose about the model and its training.
    pub(crate) setup: RwSignal<Setup>,
    /// The engine asked for.
    pub(crate) engine: RwSignal<Engine>,
    /// The engine that computes.
    pub(crate) device: RwSignal<Option<DeviceFacts>>,
    /// Why it is not the one asked for.
    pub(crate) device_reason: RwSignal<Option<String>>,
    /// Whether the worker is there.
    pub(crate) worker: RwSignal<EngineState>,
    /// How many others a shared engine serves before; `None` where it is this page's own.
    pub(crate) place: RwSignal<Option<usize>>,
    /// 3 · The training that goes on, and its curves.
    pub(crate) training: RwSignal<Training>,
    /// Whether a job holds the engine.
    pub(crate) busy: Memo<bool>,
    /// Whether it computes, and is not paused.
    pub(crate) working: Memo<bool>,
    /// What the engine wants the person to know: warnings and failures, the newest last.
    pub(crate) messages: RwSignal<Vec<String>>,
    /// The score of every module so far, from input to output.
    pub(crate) scores: RwSignal<Vec<Score>>,
    /// 4 · Maps of the dense model, once it is trained.
    pub(crate) maps: RwSignal<Arc<Vec<ModuleMaps>>>,
    /// The module under the pointer or the focus, in whatever section.
    pub(crate) pointed: RwSignal<Option<ModuleId>>,
    /// 5 · Share of the modules to remove, 0 to 1.
    pub(crate) ratio: RwSignal<f64>,
    /// The experiment whose dense model is trained; `None` before.
    pub(crate) trained: RwSignal<Option<Arc<Experiment>>>,
    /// Windows of its test range.
    pub(crate) test_windows: RwSignal<usize>,
    /// 6 · The finished run.
    pub(crate) report: RwSignal<Option<Arc<Report>>>,
    /// The test window that is shown; its `pruned` is empty before anything was pruned.
    pub(crate) sample: RwSignal<Option<Arc<ForecastSample>>>,
    /// The channel that forecasts are shown of.
    pub(crate) channel: RwSignal<usize>,
    /// What comes after the table.
    pub(crate) future: RwSignal<Option<Arc<FutureForecast>>>,
    /// 7 · The open run in the browser's storage.
    pub(crate) run: RwSignal<Option<String>>,
    /// Runs that the browser keeps, the newest first.
    pub(crate) summaries: RwSignal<Vec<(String, RunSummary)>>,
    /// Runs that other tabs had open when the history was read.
    pub(crate) elsewhere: RwSignal<Vec<String>>,
    /// Why runs are not kept, where they are not.
    pub(crate) not_stored: RwSignal<Option<String>>,
    /// The saved example that is shown, by its name: no engine stands behind what is seen.
    pub(crate) saved: RwSignal<Option<String>>,
}

impl Page {
    /// The experiment that the scores are of: the controls may have changed since it began.
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

    /// The label of the scores.
    pub(crate) fn score_label(self) -> String {
        let scorer = self.open_experiment().map(|experiment| experiment.scorer);
        spat_report::score_label(scorer.unwrap_or_default())
    }

    /// An empty page, with the choices that its address carries.
    pub(crate) fn new() -> Self {
        let link = link_in_address();
        let (setup, ratio) = match &link {
            Some(link) => (link.setup.clone(), link.ratio),
            None => (Setup::default(), 0.5),
        };
        let training = RwSignal::new(Training::default());
        Self {
            table: RwSignal::new(None),
            table_problem: RwSignal::new(None),
            refused: RwSignal::new(None),
            loading: RwSignal::new(false),
            model: RwSignal::new(None),
            forecast: RwSignal::new(None),
            linked: RwSignal::new(link.map(Link::data)),
            begun: RwSignal::new(0),
            setup: RwSignal::new(setup),
            engine: RwSignal::new(Engine::Auto),
            device: RwSignal::new(None),
            device_reason: RwSignal::new(None),
            worker: RwSignal::new(EngineState::Loading),
            place: RwSignal::new(None),
            training,
            busy: Memo::new(move |_| training.with(|training| training.activity.is_busy())),
            working: Memo::new(move |_| training.with(|training| training.activity.is_working())),
            messages: RwSignal::new(Vec::new()),
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

    /// The page of the component that asks.
    pub(crate) fn here() -> Self {
        expect_context()
    }
}
