//! What a page and the engine behind it say to each other, wherever that engine is: in the
//! browser's worker, in the window's own process, or on another machine.
//!
//! [`EngineRequest`]s go in and [`EngineMessage`]s come out. Around the commands and events of a run they say which
//! run is meant and what computes. Bytes that are no JSON (a table) travel beside them.

use serde::{Deserialize, Serialize};

use crate::{Command, DataConfig, DeviceFacts, Event, Experiment, ModelForecast};

/// The engine that a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// A real GPU where there is one, the CPU otherwise.
    #[default]
    Auto,
    /// A GPU, even by a software adapter.
    Gpu,
    /// The CPU.
    Cpu,
}

/// From the page to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum EngineRequest {
    /// Which device would compute? Answered by [`EngineMessage::Device`].
    Find {
        /// What is asked for.
        engine: Engine,
    },
    /// Take up a run: a new one, whose table comes as the message's bytes, or one that is kept.
    Open {
        /// The run's name.
        run: String,
        /// The table's file name.
        table: String,
        /// Where to compute.
        engine: Engine,
    },
    /// A command to the run that is open.
    Command(Command),
    /// Forecast a table with a saved model; no run is needed and none is touched. The message's bytes
    /// are the model's file and, behind it, the table. Answered by [`EngineMessage::Forecast`] or
    /// [`EngineMessage::NoForecast`].
    Forecast {
        /// Where to compute.
        engine: Engine,
        /// How the table is read and repaired; its channels are the model's.
        data: Box<DataConfig>,
        /// Bytes of the model's file.
        model: u64,
    },
}

/// From the engine to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EngineMessage {
    /// The engine listens. Anything sent before is lost.
    Ready,
    /// The answer to [`EngineRequest::Find`].
    Device {
        /// What computes.
        facts: DeviceFacts,
        /// Why it is not what was asked for, where it is not.
        reason: Option<String>,
    },
    /// An event of the open run.
    Event(Box<Event>),
    /// The answer to [`EngineRequest::Forecast`].
    Forecast {
        /// What comes after the table.
        forecast: Box<ModelForecast>,
    },
    /// Why [`EngineRequest::Forecast`] cannot be done, and a way out.
    NoForecast {
        /// A sentence.
        reason: String,
    },
    /// The run is not kept: there is no storage for it.
    NotStored {
        /// The storage's words.
        reason: String,
    },
    /// The engine serves others too, and they have turns.
    Place {
        /// How many are served before; with 0 it is this one's turn.
        ahead: usize,
    },
    /// The engine can do no more; a new one is needed.
    Broken {
        /// What it said last.
        message: String,
    },
    /// A table that the person opened outside the page, in the window's menu or by dropping it on
    /// the window; its bytes come with the message.
    Table {
        /// Its file name.
        name: String,
    },
    /// What the person chose in the window's menu.
    MenuAction {
        /// What is wished for.
        action: MenuAction,
    },
}

/// A button of the page that the window's menu has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MenuAction {
    /// Train the dense model.
    Train,
    /// Prune it.
    Prune,
    /// Save all files of the finished run.
    Save,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The dense model was being trained.
    Training,
    /// It is trained.
    Trained,
    /// The pruned model was being trained.
    Pruning,
    /// The report is there.
    Finished,
}

/// A run as a history shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The person's name for it.
    pub title: String,
    /// The table's file name.
    pub table: String,
    /// What was asked for.
    pub experiment: Experiment,
    /// Where it was to compute.
    pub engine: Engine,
    /// How far it has come.
    pub stage: Stage,
    /// Milliseconds since 1970.
    pub begun: f64,
    /// Dense and pruned test MSE, scaled, once finished.
    pub mse: Option<(f64, f64)>,
    /// Change of multiply–accumulates in percent, once finished.
    pub macs_percent: Option<f64>,
}
