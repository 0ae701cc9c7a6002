//! Commands to a run, and its events. The command line's `--json` prints events, one per line: an object
//! whose only key is the event's name, such as `{"warning":{"message":"…"}}`, or the name alone, such as
//! `"paused"`. The first event states the version.

use serde::{Deserialize, Serialize};

use crate::{
    DataFacts, DeviceFacts, EpochResult, Experiment, ForecastSample, FutureForecast, ModuleMaps,
    Plan, Report, Score,
};

/// Version of the commands and events, and of the requests and messages around them. It is incremented when
/// an older front end could misunderstand one. A web app of another version must be reloaded
/// ([`Hello::reload_reason`](crate::Hello::reload_reason)).
pub const PROTOCOL: u32 = 4;

/// A command to the run that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Trains and scores the dense model, and removes nothing, so that the user can examine the scores.
    Train {
        /// The experiment; its pruning and fine-tuning are ignored.
        experiment: Box<Experiment>,
    },
    /// Prunes the dense model, fine-tunes and reports; trains the dense model first if it is not
    /// trained. A second time with another ratio starts from the same dense model.
    Prune {
        /// The experiment of [`Command::Train`] with the pruning and fine-tuning.
        experiment: Box<Experiment>,
    },
    /// Forecasts one window of the test range with the models that are trained.
    Window {
        /// Its number, from 0.
        window: usize,
    },
    /// Forecasts the rows after the table's last.
    Future,
    /// Pauses before the next step.
    Pause,
    /// Continues after a pause.
    Resume,
    /// While paused: runs this many steps, then pauses again.
    Step {
        /// Number of steps.
        steps: usize,
    },
    /// Saves a checkpoint and ends; the run can be resumed.
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
    /// The pruned model is fine-tuned.
    Finetune,
    /// Control: the dense model is fine-tuned for as long.
    DenseFinetuned,
    /// Control: the pruned structure is trained from new weights.
    PrunedFromScratch,
    /// Test windows are forecast.
    Evaluate,
    // The last, since seeds follow from the order.
    /// A linear baseline is trained.
    LinearBaseline,
    /// The dense model is trained on the rows before an earlier cutoff.
    Fold,
}

impl Phase {
    /// The title of a progress bar.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pretrain => "training the dense model",
            Self::Score => "scoring attention",
            Self::Finetune => "fine-tuning the pruned model",
            Self::DenseFinetuned => "control: dense model, fine-tuned as long",
            Self::PrunedFromScratch => "control: pruned structure from scratch",
            Self::Evaluate => "evaluating",
            Self::LinearBaseline => "training a linear baseline",
            Self::Fold => "training the dense model up to an earlier cutoff",
        }
    }
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The first event.
    Started {
        /// Always [`PROTOCOL`].
        protocol: u32,
        /// The program's version.
        version: String,
        /// The experiment's hash.
        hash: String,
        /// Whether it continues from a checkpoint.
        resumed: bool,
    },
    /// The device that computes.
    Device(DeviceFacts),
    /// The table as it is used.
    Data(DataFacts),
    /// The epochs of a phase that earlier sessions of this run finished.
    Past {
        /// The phase.
        phase: Phase,
        /// Steps of one epoch.
        steps_per_epoch: usize,
        /// The finished epochs.
        epochs: Vec<EpochResult>,
    },
    /// A phase begins.
    Phase {
        /// The phase.
        phase: Phase,
        /// Maximum number of epochs.
        epochs: usize,
        /// Steps of one epoch.
        steps_per_epoch: usize,
    },
    /// A few times a second while training.
    Progress {
        /// The phase.
        phase: Phase,
        /// Counted from 1.
        epoch: usize,
        /// Steps done in this phase.
        step: usize,
        /// Steps in this phase without early stopping.
        steps: usize,
        /// Mean training loss since the last such event, if it was read from the device.
        loss: Option<f64>,
        /// Speed since the last such event.
        steps_per_second: f64,
        /// Seconds left in this phase at this speed.
        eta_seconds: f64,
    },
    /// An epoch ended.
    Epoch {
        /// The phase.
        phase: Phase,
        /// Its results.
        result: EpochResult,
    },
    /// The scores so far, after each epoch that scores.
    Scores {
        /// From input to output.
        scores: Vec<Score>,
    },
    /// Attention and sensitivity of the dense model, once it is trained.
    Maps {
        /// One per active module.
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
        /// The rows after the table.
        forecast: Box<FutureForecast>,
    },
    /// Which modules or heads are removed.
    Plan {
        /// The plan.
        plan: Plan,
    },
    /// A recoverable problem that the user should know.
    Warning {
        /// One sentence.
        message: String,
    },
    /// Paused; waits for a command.
    Paused,
    /// Ended early; the checkpoint is written.
    Stopped,
    /// The result.
    Done {
        /// The report.
        report: Box<Report>,
    },
    /// Ended with an error.
    Failed {
        /// What happened, and what to do.
        message: String,
    },
}
