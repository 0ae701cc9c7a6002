//! The language between any front end and the engine.
//!
//! A front end sends [`Command`]s and receives [`Event`]s. Both are JSON with a version in the
//! first event; the command line's `--json` prints events, one per line.

use serde::{Deserialize, Serialize};

use crate::{
    DataFacts, DeviceFacts, EpochResult, Experiment, ForecastSample, FutureForecast, ModuleMaps,
    Plan, Report, Score,
};

/// Grows when an older front end could misunderstand an event.
pub const PROTOCOL: u32 = 2;

/// What a front end asks of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Start this experiment on the table that was loaded.
    Run {
        /// What to do.
        experiment: Box<Experiment>,
    },
    /// Train and score the dense model of this experiment, then wait: a person looks at the scores
    /// before anything is removed.
    Train {
        /// What to do; its pruning and fine-tuning are not looked at yet.
        experiment: Box<Experiment>,
    },
    /// Prune the dense model that was trained, fine-tune and report. A second time with another
    /// ratio starts again from the same dense model.
    Prune {
        /// The experiment of [`Command::Train`] with the pruning and fine-tuning that are wanted.
        experiment: Box<Experiment>,
    },
    /// Forecast one window of the test range with the models that there are.
    Window {
        /// Its number, from 0.
        window: usize,
    },
    /// Forecast past the last row.
    Future,
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
    /// What an earlier session of this run did of a phase, before anything goes on.
    Past {
        /// Which.
        phase: Phase,
        /// Steps of one epoch.
        steps_per_epoch: usize,
        /// Its epochs, ended.
        epochs: Vec<EpochResult>,
    },
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
    /// Attention and sensitivity of the dense model, once it is trained.
    Maps {
        /// One per module that stands.
        maps: Vec<ModuleMaps>,
    },
    /// The answer to [`Command::Train`]: the dense model is trained and scored.
    Trained {
        /// Windows in the test range, for [`Command::Window`].
        test_windows: usize,
    },
    /// The answer to [`Command::Window`].
    Window {
        /// The window; `pruned` is empty before anything was pruned.
        sample: Box<ForecastSample>,
    },
    /// The answer to [`Command::Future`].
    Future {
        /// What comes after the table.
        forecast: Box<FutureForecast>,
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
