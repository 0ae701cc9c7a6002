//! `spat run` and `spat demo`.

use std::path::PathBuf;

use clap::Args;
use spat_engine::device::DeviceChoice;

use super::values::{count, one_of};
use super::{
    FinetuneArgs, ModelArgs, PruneArgs, ReadArgs, ScoreArgs, SplitArgs, TrainingArgs, WindowArgs,
};

/// `spat run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Table of numbers: one row per time step, one column per channel (CSV, TSV, …)
    #[arg(value_name = "DATA.csv", required_unless_present = "resume")]
    pub(crate) data: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) windows: WindowArgs,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    #[command(flatten)]
    pub(crate) prune: PruneArgs,
    #[command(flatten)]
    pub(crate) score: ScoreArgs,
    #[command(flatten)]
    pub(crate) finetune: FinetuneArgs,
    #[command(flatten)]
    pub(crate) split: SplitArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,

    /// Determines initial weights, order of windows and dropout
    #[arg(long, value_name = "N", default_value_t = 2023, help_heading = "Run")]
    pub(crate) seed: u64,

    /// Take everything that determines the result, except the table, from this file, an experiment.json
    /// of another run; of the flags that determine it, only --seed may be added
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub(crate) experiment: Option<PathBuf>,

    /// Folder of the run [default: runs/DATA-MODEL-HASH]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) run: Option<PathBuf>,

    /// Resume a run that was stopped or killed: give --run, or the flags that it was started with
    #[arg(long, help_heading = "Run")]
    pub(crate) resume: bool,

    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

/// `spat demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) device: DeviceArgs,

    /// Determines initial weights, order of windows and dropout
    #[arg(long, value_name = "N", default_value_t = 2023, help_heading = "Run")]
    pub(crate) seed: u64,

    /// Folder of the run [default: runs/demo, or runs/demo-2, …]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) run: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

/// The compute device.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Device")]
pub(crate) struct DeviceArgs {
    /// auto uses a hardware GPU if there is one, or else the CPU, and prints which
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = one_of(DEVICES))]
    pub(crate) device: DeviceChoice,

    /// CPU threads [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) threads: Option<usize>,
}

/// What is printed.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct TalkArgs {
    /// Events as JSON lines on standard output, without other text
    #[arg(long)]
    pub(crate) json: bool,

    /// No progress and no facts, only repairs, warnings and the final table
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

const DEVICES: &[(&str, DeviceChoice)] = &[
    ("auto", DeviceChoice::Auto),
    ("gpu", DeviceChoice::Gpu),
    ("cpu", DeviceChoice::Cpu),
];
