//! The smaller commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use spat_series::Part;

use super::values::one_of;
use super::{BackboneArgs, DeviceArgs, ModelArgs, ReadArgs, SplitArgs, WindowArgs};

/// `spat inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Table of numbers
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,

    #[command(flatten)]
    pub(crate) windows: WindowArgs,
    #[command(flatten)]
    pub(crate) split: SplitArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// One JSON document instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// `spat forecast`.
#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    /// Model file of a run: dense.safetensors or pruned.safetensors
    #[arg(value_name = "MODEL.safetensors")]
    pub(crate) model: PathBuf,

    /// Table to forecast; read as the training table was
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,

    /// File for the forecast [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) backbone: BackboneArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// `spat evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Model file of a run: dense.safetensors or pruned.safetensors
    #[arg(value_name = "MODEL.safetensors")]
    pub(crate) model: PathBuf,

    /// Table to evaluate on; read and split as the training table was
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,

    /// Which rows are forecast
    #[arg(long, value_name = "PART", default_value = "test", value_parser = one_of(PARTS))]
    pub(crate) part: Part,

    /// One JSON document instead of text: every metric, per channel and per step
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) split: SplitArgs,
    #[command(flatten)]
    pub(crate) backbone: BackboneArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// `spat import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Weights of public PyTorch code: a state dict (.pth) or .safetensors
    #[arg(value_name = "WEIGHTS")]
    pub(crate) weights: PathBuf,

    /// The training table; its train rows determine the scaler
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,

    /// Model file to write
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "imported.safetensors"
    )]
    pub(crate) output: PathBuf,

    /// Take model, windows and split from this experiment.json instead of from flags
    #[arg(long, value_name = "FILE")]
    pub(crate) like: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) windows: WindowArgs,
    #[command(flatten)]
    pub(crate) split: SplitArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `spat data`.
#[derive(Debug, Args)]
pub(crate) struct DatasetArgs {
    #[command(subcommand)]
    pub(crate) command: DataCommand,
}

/// What to do with the public tables.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Show names, origins, licences and checksums
    List {
        /// One JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Download a table from its public origin and check it
    Get {
        /// Name in `spat data list`
        name: String,

        /// Folder for the table
        #[arg(long, short, value_name = "DIR", default_value = ".")]
        output: PathBuf,

        /// Another server with the file, for mirrors and tests
        #[arg(long, value_name = "URL", hide = true)]
        origin: Option<String>,
    },
}

/// `spat info`.
#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// One JSON document instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

const PARTS: &[(&str, Part)] = &[
    ("train", Part::Train),
    ("val", Part::Val),
    ("test", Part::Test),
];
