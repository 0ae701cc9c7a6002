//! The language between any front end and the engine.
//!
//! A front end sends [`Command`]s and receives [`Event`]s. Both are JSON with a version in the
//! first event; the command line's `--json` prints events, one per line.

use serde::{Deserialize, Serialize};

use crate::{DataFacts, DeviceFacts, EpochResult, Experiment, Plan, Report, Score};

/// Grows when an older front end could misunderstand an event.
pub const PROTOCOL: u32 = 1;

/// What a front end asks of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Start this experiment on the table that was loaded.
    Run {
        /// What to do.
        experiment: Box<Experiment>,
    },
    /// Halt before the next step; nothing is lost.
    Pause,
    /// Go on after a pause.
    Resume,
    /// While paused: do this many steps, then pause again.
    Step {
        /// How many.
        steps: usize,
    },
    /// Save a checkpoint and end; the run can be resumed.
    Stop,
}

/// A stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The dense model is trained and, by default, scored.
    Pretrain,
    /// A pass over the training windows that only scores.
    Score,
    /// The pruned model is trained on.
    Finetune,
    /// Control: the dense model is trained on for as long.
    DenseFinetuned,
    /// Control: the pruned structure is trained from new weights.
    PrunedFromScratch,
    /// Test windows are forecast.
    Evaluate,
}

impl Phase {
    /// For a progress bar.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pretrain => "training the dense model",
            Self::Score => "scoring attention",
            Self::Finetune => "fine-tuning the pruned model",
            Self::DenseFinetuned => "control: dense model, fine-tuned as long",
            Self::PrunedFromScratch => "control: pruned structure from scratch",
            Self::Evaluate => "evaluating",
        }
    }
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// First of all.
    Started {
        /// Always [`PROTOCOL`].
        protocol: u32,
        /// The program's version.
        version: String,
        /// The experiment's hash.
        hash: String,
        /// Whether it goes on from a checkpoint.
        resumed: bool,
    },
    /// The device that was chosen.
    Device(DeviceFacts),
    /// The table as it will be used.
    Data(DataFacts),
    /// A phase begins.
    Phase {
        /// Which.
        phase: Phase,
        /// Most epochs it may take.
        epochs: usize,
        /// Steps of one epoch.
        steps_per_epoch: usize,
    },
    /// A few times a second while training.
    Progress {
        /// Which phase.
        phase: Phase,
        /// Counted from 1.
        epoch: usize,
        /// Steps done in this phase.
        step: usize,
        /// Steps in this phase if no epoch is saved by early stopping.
        steps: usize,
        /// Mean training loss since the last such event, if one was read.
        loss: Option<f64>,
        /// Speed since the last such event.
        steps_per_second: f64,
        /// Seconds left in this phase at this speed.
        eta_seconds: f64,
    },
    /// An epoch ended.
    Epoch {
        /// Which phase.
        phase: Phase,
        /// Its figures.
        #[serde(flatten)]
        result: EpochResult,
    },
    /// Scores so far, after each epoch that scores.
    Scores {
        /// From input to output.
        scores: Vec<Score>,
    },
    /// The decision.
    Plan {
        /// What goes.
        plan: Plan,
    },
    /// Something recoverable that the user should know.
    Warning {
        /// One sentence.
        message: String,
    },
    /// Halted; waits for a command.
    Paused,
    /// Ended before its end; the checkpoint is written.
    Stopped,
    /// The result.
    Done {
        /// All of it.
        report: Box<Report>,
    },
    /// Ended by an error.
    Failed {
        /// What happened, and a way out.
        message: String,
    },
}
