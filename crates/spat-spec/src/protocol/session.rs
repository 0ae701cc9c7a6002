//! Requests to an engine session and its messages. They are the same for an engine in a browser's
//! worker, in the desktop app's process and on a server.

use serde::{Deserialize, Serialize};

use crate::{Command, DataConfig, DeviceFacts, Event, Experiment, ModelForecast, PruneRule};

/// The device that a user selects.
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

/// A request to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineRequest {
    /// Finds the device that computes. Answered by [`EngineMessage::Device`].
    Find {
        /// The selected device.
        engine: Engine,
    },
    /// Opens a run: a new one, whose table is the request's bytes, or a stored one.
    Open {
        /// The run's name.
        run: String,
        /// The table's file name.
        table: String,
        /// The selected device.
        engine: Engine,
    },
    /// A command to the run that is open.
    Command(Command),
    /// Forecasts a table with a saved model, without a run. The request's bytes are the model's file
    /// followed by the table. Answered by [`EngineMessage::Forecast`] or
    /// [`EngineMessage::NoForecast`].
    Forecast {
        /// The selected device.
        engine: Engine,
        /// How the table is read and repaired; the channels are the model's.
        data: Box<DataConfig>,
        /// Number of bytes of the model's file.
        model: u64,
    },
}

/// A message from the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineMessage {
    /// The engine takes requests. Requests sent before are lost.
    Ready,
    /// The answer to [`EngineRequest::Find`].
    Device {
        /// The device.
        facts: DeviceFacts,
        /// Why it is not the selected one, if so.
        reason: Option<String>,
    },
    /// An event of the open run.
    Event(Box<Event>),
    /// The answer to [`EngineRequest::Forecast`].
    Forecast {
        /// The rows after the table.
        forecast: Box<ModelForecast>,
    },
    /// [`EngineRequest::Forecast`] failed.
    NoForecast {
        /// What happened, and what to do.
        reason: String,
    },
    /// The run is not stored.
    NotStored {
        /// The storage's error.
        reason: String,
    },
    /// The position in the queue of a shared engine.
    Place {
        /// Number of clients ahead; 0: this client's job runs.
        ahead: usize,
    },
    /// The engine has failed; a new one is needed.
    Broken {
        /// Its last error.
        message: String,
    },
    /// A table that the user opened in the desktop app's menu or dropped on its window; its bytes come
    /// with the message.
    Table {
        /// Its file name.
        name: String,
    },
    /// An item of the desktop app's menu was chosen.
    MenuAction {
        /// The item.
        action: MenuAction,
    },
}

/// A button of the web app that is also an item of the desktop app's menu.
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

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The dense model was being trained.
    Training,
    /// It is trained.
    Trained,
    /// The pruned model was being trained.
    Pruning,
    /// The report is complete.
    Finished,
}

/// A run as the history shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The user's title for it.
    pub title: String,
    /// The table's file name.
    pub table: String,
    /// The experiment.
    pub experiment: Experiment,
    /// The selected device.
    pub engine: Engine,
    /// Its progress.
    pub stage: Stage,
    /// Milliseconds since 1970.
    pub begun: f64,
    /// Dense and pruned test MSE, scaled, once finished.
    pub mse: Option<(f64, f64)>,
    /// Change of multiply–accumulates in percent, once finished.
    pub macs_percent: Option<f64>,
}

/// The end of the title of a run whose number of modules a search chose.
const CHOSEN: &str = " · number chosen by validation";

/// The middle of the title of a run with a ratio.
const RATIO: &str = " · α = ";

impl RunSummary {
    /// The title of a run that its user has not named.
    pub fn standard_title(table: &str, rule: &PruneRule) -> String {
        if rule.adaptive.is_some() {
            format!("{table}{CHOSEN}")
        } else {
            format!("{table}{RATIO}{}", rule.ratio)
        }
    }

    /// Whether the title is a standard one.
    pub fn has_standard_title(&self) -> bool {
        self.title
            .strip_prefix(&*self.table)
            .is_some_and(|rest| rest == CHOSEN || rest.starts_with(RATIO))
    }
}
