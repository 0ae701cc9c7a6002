//! The training that goes on, as the page shows it.

use std::collections::BTreeMap;

use spat_spec::{EpochResult, Phase};

/// What the engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Activity {
    /// Nothing yet.
    #[default]
    Idle,
    /// An order was sent; nothing was heard yet.
    Starting,
    Running,
    Paused,
    /// Ended before its end; can be gone on with.
    Stopped,
    /// The dense model is trained and scored; pruning can begin.
    Trained,
    /// The report is there.
    Finished,
    /// Ended by an error, which is among the messages.
    Failed,
}

impl Activity {
    /// Whether a job holds the engine.
    pub(crate) fn is_busy(self) -> bool {
        self.is_working() || self == Self::Paused
    }

    /// Whether the engine computes.
    pub(crate) fn is_working(self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }
}

/// Losses of one phase.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Curve {
    /// (step, mean training loss since the last point).
    pub(crate) steps: Vec<(f64, f64)>,
    /// Its epochs, ended.
    pub(crate) epochs: Vec<EpochResult>,
    /// Steps of one epoch.
    pub(crate) steps_per_epoch: usize,
}

impl Curve {
    /// The curve of a phase that ended long ago: of each epoch, the mean loss stands at its end.
    pub(crate) fn of_epochs(epochs: &[EpochResult], steps_per_epoch: usize) -> Self {
        let loss = |epoch: &EpochResult| ((epoch.epoch * steps_per_epoch) as f64, epoch.train_loss);
        Self {
            steps: epochs.iter().map(loss).collect(),
            epochs: epochs.to_vec(),
            steps_per_epoch,
        }
    }

    /// Whether there is nothing to draw yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.epochs.is_empty()
    }

    /// The step at which it ends, so far.
    pub(crate) fn end(&self) -> f64 {
        let step = self.steps.last().map_or(0.0, |&(step, _)| step);
        let epoch = self.epochs.last().map_or(0, |epoch| epoch.epoch);
        step.max((epoch * self.steps_per_epoch) as f64)
    }
}

/// What is said of it then.
pub(crate) const MEASURING: &str = " · measuring, a few seconds";

impl Training {
    /// Whether figures and times are taken, which is not steered: it is a matter of seconds.
    pub(crate) fn is_measuring(&self) -> bool {
        self.activity == Activity::Running && self.phase == Some(Phase::Evaluate)
    }
}

/// Progress and curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Training {
    pub(crate) activity: Activity,
    /// The run that is taken up is to be pruned once its dense model is there.
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
