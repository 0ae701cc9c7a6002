//! The report: the source of every table, chart and page about a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spat_series::{ChannelMetrics, MetricSet, Metrics, PairedDifference, Repairs, StepMetrics};

use crate::{Experiment, KeptWeights, ModuleId, Plan, Score, Structure};

/// The results of a run, stored as `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The program's version.
    pub version: String,
    /// The command that reproduces this report.
    pub command: String,
    /// The seed.
    pub seed: u64,
    /// The experiment's hash with the table's bytes.
    pub hash: String,
    /// Everything that determined the result.
    pub experiment: Experiment,
    /// The table.
    pub data: DataFacts,
    /// The device.
    pub device: DeviceFacts,
    /// The dense forecaster.
    pub dense: ModelResult,
    /// The pruned and fine-tuned forecaster.
    pub pruned: ModelResult,
    /// Scores of all attention modules, from input to output.
    pub scores: Vec<Score>,
    /// The plan.
    pub plan: Plan,
    /// Comparisons by name: `dense_finetuned`, `pruned_from_scratch`.
    pub controls: BTreeMap<String, ControlResult>,
    /// Test errors of the baselines by name: forecasts that need no training, and the linear models of
    /// [`Report::linear_baselines`].
    #[serde(rename = "yardsticks")]
    pub baselines: BTreeMap<String, Metrics>,
    /// The linear models among the baselines, by name. Empty in reports of older versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub linear_baselines: BTreeMap<String, LinearBaseline>,
    /// Differences of all forecasts in pairs, on the test windows. Empty in reports of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// Pruned against dense.
    pub change: Change,
    /// One test window, forecast by both models.
    pub sample: ForecastSample,
    /// One attention and one sensitivity map per module and head, of the dense model.
    pub maps: Vec<ModuleMaps>,
    /// The cost of scoring during training.
    pub scoring: ScoringCost,
    /// Notes on how to read the results.
    pub notes: Vec<String>,
}

impl Report {
    /// The pruned model; `None` if nothing was removed, as from a model without attention.
    pub fn changed_model(&self) -> Option<&ModelResult> {
        (self.pruned.structure != self.dense.structure).then_some(&self.pruned)
    }

    /// The difference of forecast `name` against forecast `other`. Models are named [`DENSE`] and [`PRUNED`],
    /// controls and baselines as in their maps. `None` in reports of older versions, and for errors of 0.
    pub fn comparison(&self, name: &str, other: &str) -> Option<Comparison> {
        self.comparisons.iter().find_map(|comparison| {
            match (comparison.name.as_str(), comparison.other.as_str()) {
                pair if pair == (name, other) => Some(comparison.clone()),
                pair if pair == (other, name) => Some(comparison.inverse()),
                _ => None,
            }
        })
    }

    /// The report with every measured time set to 0, which is equal for two runs of one experiment.
    pub fn without_timings(mut self) -> Self {
        for model in [&mut self.dense, &mut self.pruned] {
            model.step_ms_median = 0.0;
            model.infer_ms_median = 0.0;
            model
                .history
                .iter_mut()
                .for_each(|epoch| epoch.seconds = 0.0);
        }
        self.change.step_time_percent = 0.0;
        self.change.infer_time_percent = 0.0;
        self.scoring = ScoringCost {
            step_ms_with: 0.0,
            step_ms_without: 0.0,
        };
        self
    }
}

/// Name of the dense model in comparisons.
pub const DENSE: &str = "dense";

/// Name of the pruned model in comparisons.
pub const PRUNED: &str = "pruned";

/// Name of the control in which the dense model is fine-tuned for as long as the pruned one.
pub const DENSE_FINETUNED: &str = "dense_finetuned";

/// A linear model that was trained beside the run's model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinearBaseline {
    /// Trainable parameters.
    pub params: u64,
    /// Multiply–accumulates of one window.
    pub macs: u64,
    /// Epochs trained.
    pub epochs: usize,
    /// Validation error.
    pub val: ValResult,
}

/// Differences of one forecast's errors against another's on the same test windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The forecast.
    pub name: String,
    /// The forecast that it is compared with.
    pub other: String,
    /// Of the mean squared error, scaled.
    pub mse: PairedDifference,
    /// Of the mean absolute error, scaled.
    pub mae: PairedDifference,
    /// Of the mean absolute scaled error; `None` if no channel has a scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mase: Option<PairedDifference>,
}

impl Comparison {
    /// The comparison in the other direction.
    pub fn inverse(&self) -> Self {
        Self {
            name: self.other.clone(),
            other: self.name.clone(),
            mse: self.mse.inverse(),
            mae: self.mae.inverse(),
            mase: self.mase.map(|difference| difference.inverse()),
        }
    }

    /// The differences with the names of their metrics.
    pub fn metrics(&self) -> impl Iterator<Item = (&'static str, PairedDifference)> {
        let mase = self.mase.map(|difference| ("MASE", difference));
        [("MSE", self.mse), ("MAE", self.mae)]
            .into_iter()
            .chain(mase)
    }
}

/// Facts about the table after repair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// The file's name, without its folder.
    pub name: String,
    /// Rows after repair.
    pub rows: usize,
    /// Number of channels.
    pub channels: usize,
    /// Their names.
    pub channel_names: Vec<String>,
    /// The frequency as text ("1 h"), or "row number".
    pub frequency: String,
    /// Rows per season.
    pub season: usize,
    /// Windows of each part.
    pub windows: WindowCounts,
    /// Repairs, with counts.
    pub repairs: Repairs,
}

/// Windows of each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WindowCounts {
    pub train: usize,
    pub val: usize,
    pub test: usize,
}

/// The device of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// `cpu` or `gpu`.
    pub kind: String,
    /// The processor's or adapter's name.
    pub name: String,
    /// Threads used on the CPU.
    pub threads: usize,
}

/// A model's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelResult {
    /// The structure.
    pub structure: Structure,
    /// Errors on all test windows.
    pub test: TestMetrics,
    /// Validation windows.
    pub val: ValResult,
    /// Trainable parameters.
    pub params: u64,
    /// Multiply–accumulates of one window.
    pub macs: u64,
    /// Epochs trained: pre-training for the dense model, fine-tuning for the pruned one.
    pub epochs: usize,
    /// Median time of a training step, milliseconds.
    pub step_ms_median: f64,
    /// Median time of a forward pass over one batch, milliseconds.
    pub infer_ms_median: f64,
    /// Loss by epoch.
    pub history: Vec<EpochResult>,
    /// The pruned model before it was fine-tuned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before_finetune: Option<TestOnly>,
}

/// Test metrics: the scaled mean errors at the top level, everything else nested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "FlatTestMetrics")]
pub struct TestMetrics {
    /// Mean squared error, scaled space, over windows × horizon × channels.
    pub mse: f64,
    /// Mean absolute error, scaled space.
    pub mae: f64,
    /// All metrics, per channel and per step, scaled and original.
    #[serde(flatten)]
    pub full: Metrics,
}

/// [`TestMetrics`] as stored in a report. With `#[serde(flatten)]`, serde would generate a second reader of
/// all fields, which would enlarge the web app's module.
#[derive(Deserialize)]
struct FlatTestMetrics {
    mse: f64,
    mae: f64,
    windows: usize,
    scaled: MetricSet,
    original: Option<MetricSet>,
    per_channel: Vec<ChannelMetrics>,
    per_step: Vec<StepMetrics>,
}

impl From<FlatTestMetrics> for TestMetrics {
    fn from(flat: FlatTestMetrics) -> Self {
        Self {
            mse: flat.mse,
            mae: flat.mae,
            full: Metrics {
                windows: flat.windows,
                scaled: flat.scaled,
                original: flat.original,
                per_channel: flat.per_channel,
                per_step: flat.per_step,
            },
        }
    }
}

/// Errors on the test windows only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestOnly {
    /// Test metrics.
    pub test: MeanErrors,
}

/// A control's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    /// Test metrics.
    pub test: MeanErrors,
    /// Validation error.
    pub val: ValResult,
    /// Epochs trained.
    pub epochs: usize,
}

/// Mean errors in scaled space.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanErrors {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
}

/// Error on the validation windows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValResult {
    /// Mean squared error, scaled space.
    pub mse: f64,
}

/// One epoch of a training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochResult {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean training loss.
    pub train_loss: f64,
    /// Mean squared error on the validation windows.
    pub val_mse: f64,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Wall-clock seconds of the training steps.
    pub seconds: f64,
    /// Whether this was the best epoch so far.
    pub best: bool,
    /// The best weights so far, if they are of this epoch and not the plain ones at its end. Omitted otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptWeights>,
}

/// Pruned against dense, in percent of dense; negative is less.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Change {
    pub mse_percent: f64,
    pub mae_percent: f64,
    pub params_percent: f64,
    pub macs_percent: f64,
    pub step_time_percent: f64,
    pub infer_time_percent: f64,
}

/// `(to − from) / from` in percent; 0 if both are 0.
pub fn percent_change(from: f64, to: f64) -> f64 {
    if from == to {
        0.0
    } else {
        (to - from) / from * 100.0
    }
}

/// One test window in original units less `offsets`, row-major `[rows × channels]` throughout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastSample {
    /// Number of the window in the test range.
    pub window: usize,
    /// Row of the table at which the forecast starts.
    pub first_row: usize,
    /// Timestamp of that row, if the table has dates.
    #[serde(rename = "first_stamp")]
    pub first_timestamp: Option<String>,
    /// The channel that the charts show first.
    pub channel: usize,
    /// The look-back.
    pub input: Vec<f32>,
    /// The actual values.
    pub truth: Vec<f32>,
    /// The dense model's forecast.
    pub dense: Vec<f32>,
    /// The pruned model's forecast.
    pub pruned: Vec<f32>,
    /// The seasonal-naive forecast.
    pub naive: Vec<f32>,
    /// What is to be added to the values of each channel; empty where that is 0 for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<f64>,
}

/// The horizon after the last row of a table, in original units less `offsets`, row-major
/// `[horizon × channels]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FutureForecast {
    /// Row number of the first forecast row.
    pub first_row: usize,
    /// Timestamps of the forecast rows; empty for a table without dates.
    #[serde(rename = "stamps")]
    pub timestamps: Vec<String>,
    /// The dense model's forecast.
    pub dense: Vec<f32>,
    /// The pruned model's forecast.
    pub pruned: Vec<f32>,
    /// Half widths of the pruned model's intervals, by level.
    pub intervals: Vec<(f64, Vec<f32>)>,
    /// What is to be added to the values of each channel; empty where that is 0 for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<f64>,
}

/// A saved model's forecast of the horizon after a table's last row, in original units less `offsets`,
/// row-major `[horizon × channels]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelForecast {
    /// The model's channels, in its order.
    pub channels: Vec<String>,
    /// Row number of the first forecast row.
    pub first_row: usize,
    /// Timestamps of the forecast rows; empty for a table without dates.
    #[serde(rename = "stamps")]
    pub timestamps: Vec<String>,
    /// The forecast.
    pub values: Vec<f32>,
    /// What is to be added to the values of each channel; empty where that is 0 for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<f64>,
    /// Half widths of its intervals, by level; empty for a model without validation errors.
    pub intervals: Vec<(f64, Vec<f32>)>,
    /// Warnings about the forecast.
    pub doubts: Vec<String>,
    /// All of it as CSV, a line per row and channel.
    pub csv: String,
}

/// Maps of one attention module (or one of its maps, if it has several), averaged over one batch of training
/// windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModuleMaps {
    /// The module, or its map.
    pub module: ModuleId,
    /// Heads.
    pub heads: usize,
    /// Query positions.
    pub queries: usize,
    /// Key positions.
    pub keys: usize,
    /// Labels of the key positions: channel names and time features, or numbers of patches, segments or
    /// routers.
    pub labels: Vec<String>,
    /// Labels of the query positions; empty if they are those of the keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query_labels: Vec<String>,
    /// Mean attention, `[heads × queries × keys]`.
    pub attention: Vec<f32>,
    /// Sensitivity `S = A ⊙ ∂L/∂A`, summed over the batch, `[heads × queries × keys]`.
    pub sensitivity: Vec<f32>,
    /// Mean entropy of the attention rows divided by `ln keys`: 1 is uniform.
    pub entropy: f64,
}

impl ModuleMaps {
    /// Labels of the query positions.
    pub fn row_labels(&self) -> &[String] {
        if self.query_labels.is_empty() {
            &self.labels
        } else {
            &self.query_labels
        }
    }
}

/// Cost of scoring in training; both 0 if the scorer does not score training steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoringCost {
    /// Median time of a training step with scoring, milliseconds.
    pub step_ms_with: f64,
    /// Median time of a training step without, milliseconds, measured in the same run.
    pub step_ms_without: f64,
}
