//! What executes the tasks of a study, and the commands for studies on many machines.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DeviceArgs;
use super::values::{count, one_of};

/// What executes the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineName {
    Threads,
    HyperQueue,
    Slurm,
}

const ENGINES: &[(&str, EngineName)] = &[
    ("threads", EngineName::Threads),
    ("hyperqueue", EngineName::HyperQueue),
    ("slurm", EngineName::Slurm),
];

/// The engine of a study.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct StudyEngineArgs {
    /// What executes the tasks: threads of this process, or a queueing system on machines that share the study's
    /// folder; docs/cluster.md has an example of each
    #[arg(long, value_name = "ENGINE", default_value = "threads", value_parser = one_of(ENGINES))]
    pub(crate) engine: EngineName,

    /// More arguments of the queueing system's submit command, as in --engine-args='-p gpu --time 4h'
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub(crate) engine_args: Option<String>,

    /// With --engine slurm, number of consecutive tasks in one element of a job array [default: 1, or as few as an
    /// array of 1001 elements needs]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) bundle: Option<usize>,

    /// With --engine slurm, number of elements of a job array that run at the same time [default: 64]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) at_once: Option<usize>,
}

/// Commands of `spat study`.
#[derive(Debug, Subcommand)]
pub(crate) enum StudyCommand {
    /// Execute tasks of a study; queueing systems start this
    Task(TaskArgs),
    /// Copy the results of partial studies into one folder, where the whole study then finds them
    Merge(MergeArgs),
}

/// `spat study task`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --wave the task is the JSON in the environment variable HQ_ENTRY, which HyperQueue sets. Each \
                  result is a file in the study's folder; a task whose result is there ends at once. One thread computes \
                  unless --threads is given."
)]
pub(crate) struct TaskArgs {
    /// Folder of the study
    #[arg(long, value_name = "DIR")]
    pub(crate) run: PathBuf,

    /// Name of a list of tasks in the study's folder
    #[arg(long, value_name = "NAME")]
    pub(crate) wave: Option<String>,

    /// With --wave, which bundle of the list, from 0 [default: SLURM_ARRAY_TASK_ID]
    #[arg(long, value_name = "N", requires = "wave")]
    pub(crate) index: Option<usize>,

    /// With --wave, number of consecutive tasks in a bundle
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count, requires = "wave")]
    pub(crate) bundle: usize,

    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// `spat study merge`.
#[derive(Debug, Args)]
#[command(
    after_help = "Partial studies have the same settings, except for their seeds, depths, questions and scorers. Afterwards \
                  the command of the whole study with --run MERGED trains only what none of the parts has."
)]
pub(crate) struct MergeArgs {
    /// Folder that receives the results; created if necessary
    #[arg(long, value_name = "MERGED")]
    pub(crate) run: PathBuf,

    /// Folders of partial studies
    #[arg(value_name = "PART", required = true)]
    pub(crate) parts: Vec<PathBuf>,
}
