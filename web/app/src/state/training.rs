//! The state of the current training.

use std::collections::BTreeMap;

use spat_spec::{EpochResult, Phase};

/// The state of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Activity {
    /// Not started.
    #[default]
    Idle,
    /// A request was sent and not yet answered.
    Starting,
    Running,
    Paused,
    /// Stopped; can be resumed.
    Stopped,
    /// The dense model is trained and scored; pruning can begin.
    Trained,
    /// The report is complete.
    Finished,
    /// Failed; the error is among the messages.
    Failed,
}

impl Activity {
    /// Whether a job is running or paused.
    pub(crate) fn is_busy(self) -> bool {
        self.is_working() || self == Self::Paused
    }

    /// Whether a job is running.
    pub(crate) fn is_working(self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }
}

/// Losses of one phase.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Curve {
    /// Step, and mean training loss since the last point.
    pub(crate) steps: Vec<(f64, f64)>,
    /// Completed epochs.
    pub(crate) epochs: Vec<EpochResult>,
    /// Steps per epoch.
    pub(crate) steps_per_epoch: usize,
}

impl Curve {
    /// The curve of an earlier phase: one point per epoch, the mean loss at its end.
    pub(crate) fn of_epochs(epochs: &[EpochResult], steps_per_epoch: usize) -> Self {
        let loss = |epoch: &EpochResult| ((epoch.epoch * steps_per_epoch) as f64, epoch.train_loss);
        Self {
            steps: epochs.iter().map(loss).collect(),
            epochs: epochs.to_vec(),
            steps_per_epoch,
        }
    }

    /// Adds an epoch. It replaces what was recorded of it and of later ones: after a failure of a shared engine,
    /// a run continues from an earlier checkpoint.
    pub(crate) fn add_epoch(&mut self, result: EpochResult) {
        self.epochs.retain(|earlier| earlier.epoch < result.epoch);
        self.epochs.push(result);
    }

    /// Adds the mean loss up to a step, and discards points of that step and later ones.
    pub(crate) fn add_loss(&mut self, step: f64, loss: f64) {
        self.steps
            .truncate(self.steps.partition_point(|&(earlier, _)| earlier < step));
        self.steps.push((step, loss));
    }

    /// Whether there is nothing to draw yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.epochs.is_empty()
    }

    /// The last step so far.
    pub(crate) fn end(&self) -> f64 {
        let step = self.steps.last().map_or(0.0, |&(step, _)| step);
        let epoch = self.epochs.last().map_or(0, |epoch| epoch.epoch);
        step.max((epoch * self.steps_per_epoch) as f64)
    }
}

/// The progress text of [`Training::is_measuring`].
pub(crate) const MEASURING: &str = " · measuring, a few seconds";

impl Training {
    /// Whether the job evaluates and measures. This takes seconds and cannot be paused or stopped.
    pub(crate) fn is_measuring(&self) -> bool {
        self.activity == Activity::Running && self.phase == Some(Phase::Evaluate)
    }
}

/// Progress and curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Training {
    pub(crate) activity: Activity,
    /// Whether to prune as soon as the dense model of the reopened run is trained.
    pub(crate) then_prune: bool,
    pub(crate) phase: Option<Phase>,
    /// Counted from 1.
    pub(crate) epoch: usize,
    pub(crate) epochs: usize,
    pub(crate) step: usize,
    pub(crate) steps: usize,
    pub(crate) steps_per_second: f64,
    /// Seconds left in this phase.
    pub(crate) eta_seconds: f64,
    /// By phase.
    pub(crate) curves: BTreeMap<Phase, Curve>,
}
