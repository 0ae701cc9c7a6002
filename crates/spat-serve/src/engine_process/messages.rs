//! Messages between the server and its engine process, as frames on the process's standard input and output
//! ([`spat_spec::write_frame`]). Both are the same version of the same program.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use spat_spec::{Command, Engine, EngineMessage};

use super::table_limits::TableLimits;

/// A request to the engine process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProcessRequest {
    /// Runs a turn.
    Turn(Box<TurnRequest>),
    /// Delivers a control command to the running job. Without one it has no effect.
    Control(Command),
}

/// One command of a visitor, and the run that it is for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TurnRequest {
    /// The folder of the visitor's runs.
    pub(crate) runs: PathBuf,
    /// The run's name.
    pub(crate) run: String,
    /// The table's file name.
    pub(crate) table: String,
    /// Whether the frame's bytes are the table of a new run.
    pub(crate) is_new: bool,
    /// The device.
    pub(crate) engine: Engine,
    /// Largest table that is read.
    pub(crate) limits: TableLimits,
    /// The command.
    pub(crate) command: Command,
    /// Control commands that its job receives before the first step.
    pub(crate) first_commands: Vec<Command>,
}

/// A message from the engine process. Each is a sign of life.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProcessMessage {
    /// A message to the visitor.
    Visitor(Box<EngineMessage>),
    /// Batches are computed.
    Alive,
    /// The turn has ended; another one can be requested.
    TurnEnded,
}
