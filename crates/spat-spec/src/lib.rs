//! The data of a SPAT experiment: forecasters and their cost, scores, plans, checkpoints, the protocol
//! between engine and front ends, and the report.
//!
//! Nothing here needs a tensor or a device, so the web app, the fuzzers and other tools build without Burn.

mod adaptive;
mod averaging;
mod checkpoint;
mod checksum;
mod config_error;
mod cost;
mod effort;
mod experiment;
pub mod hex_numbers;
mod linear_candidate;
mod models;
mod module_id;
mod plan;
mod plan_error;
mod preset;
mod protocol;
mod prune_rule;
mod ranking;
mod report;
mod score;
mod scorers;
mod structure;
mod study;
mod training;

pub use adaptive::{
    AdaptiveRule, LossDifference, Otherwise, ScreenedCandidate, Search, Select, Trial,
};
pub use averaging::{KeptWeights, WeightAveraging, kept_in_words};
pub use checkpoint::{
    Array, Checkpoint, CheckpointError, CheckpointHeader, FORMAT, arrays_from_bytes,
    arrays_to_bytes, header_entry, named_arrays_from_bytes,
};
pub use checksum::{
    CheckedArrays, add_checksum, checked_from_bytes, checked_to_bytes, remove_checksum, sha256,
};
pub use config_error::ConfigError;
pub use cost::Cost;
pub use effort::{LONG_TRAINING, rough_duration};
pub use experiment::{Controls, DataConfig, Experiment};
pub use linear_candidate::{LinearCandidate, LinearStanding};
pub use models::*;
pub use module_id::ModuleId;
pub use plan::{HeadRemoval, Plan};
pub use plan_error::PlanError;
pub use preset::Preset;
pub use protocol::*;
pub use prune_rule::{Granularity, PruneRule, Rounding, Scope};
pub use report::{
    Change, Comparison, ControlResult, DENSE, DENSE_FINETUNED, DataFacts, DeviceFacts, EpochResult,
    ForecastSample, FutureForecast, LinearBaseline, MeanErrors, ModelForecast, ModelResult,
    ModuleMaps, PRUNED, Report, ScoringCost, TestMetrics, TestOnly, ValResult, WindowCounts,
    percent_change,
};
pub use score::{Accumulate, Deviation, MaskShape, Scaling, Score, SendOptions, Sign, When};
pub use scorers::{Needs, Scorer, UnknownScorer};
pub use structure::{AttentionStructure, Structure, StructureError};
pub use study::{
    AdaptiveResult, CellReport, ChangeSummary, ClassifierSize, ClassifierStudy, ComparedModel,
    DepthReport, DepthTimings, Domain, ErrorSpread, Estimate, Finding, FinetunedErrors,
    FinetuningResult, GroundTruthResult, GroundTruthStudy, HeadPoint, IterativePoint,
    MOST_ORACLE_MODULES, Measure, MethodComparison, MethodKind, MethodRegret, MethodSummary,
    MissingCell, ModelColumn, ModelComparison, ModelForm, ModelPair, PairedTest, Pick, PointTiming,
    PrunedCell, PrunedModels, Pruning, PublishedChanges, Question, RandomPick, RankingMethodName,
    RankingReport, Reference, RuleCell, RuleSummary, RuleTable, Spread, Stability, Stance, Study,
    StudyReport, StudyTimings, SubsetResult, Suite, SuiteCell, SuiteFinding, SuiteModel,
    SuiteReport, SuiteScope, SuiteTable, SuiteTableFacts, SweepPoint, SyntheticReport,
    SyntheticStudy, TableFacts, Transfer, Uniformity, WinLoss, ZeroShotPair, ZeroShotPruned,
    ZeroShotResult,
};
pub use training::{FEW_TRAINING_WINDOWS, OptimizerConfig, Schedule, TrainingConfig};
