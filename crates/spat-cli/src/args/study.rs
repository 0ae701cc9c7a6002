//! `spat study`.

use std::path::PathBuf;

use clap::Args;
use spat_spec::{Domain, Question, Rounding, Scorer};

use super::model::{ModelChoice, Settings};
use super::prune::ROUNDINGS;
use super::values::{count, one_of, scorer, share};
use super::{
    DeviceArgs, ModelArgs, ReadArgs, ScoreArgs, SplitArgs, StudyCommand, StudyEngineArgs,
    TrainingArgs, WindowArgs,
};

/// `spat study`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "The study is a list of independent tasks; each result is a small file in the study's folder. Stop it\n\
with Ctrl-C, or kill it: the same command with --resume continues it, to the same study.json byte for byte.\n\
SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768."
)]
pub(crate) struct StudyArgs {
    #[command(subcommand)]
    pub(crate) command: Option<StudyCommand>,

    /// Table of numbers: one row per time step, one column per channel (CSV, TSV, …)
    #[arg(value_name = "DATA.csv", required_unless_present_any = ["demo", "domain", "ground_truth", "suite"])]
    pub(crate) data: Option<PathBuf>,

    /// Study the built-in table: a year of New York weather
    #[arg(long, conflicts_with = "data")]
    pub(crate) demo: bool,

    /// Study a small Transformer classifier on generated data, without a table: text (with a known
    /// grammar) or images (of shapes)
    #[arg(long, value_name = "WHAT", value_parser = one_of(DOMAINS), conflicts_with_all = ["data", "demo"])]
    pub(crate) domain: Option<Domain>,

    /// Study a forecaster whose modules have a known order of importance, without a table: do scorers find it?
    #[arg(long, alias = "planted", conflicts_with_all = ["data", "demo", "domain"])]
    pub(crate) ground_truth: bool,

    /// Compare many tables, models and horizons, which this file lists with all settings (see suites/ for
    /// examples); takes no other settings
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = ["data", "demo", "domain", "ground_truth"])]
    pub(crate) suite: Option<PathBuf>,

    /// Folder of the suite's tables [default: the one that its file names]
    #[arg(long, value_name = "DIR", requires = "suite")]
    pub(crate) tables: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) what: WhatArgs,
    #[command(flatten)]
    pub(crate) sizes: SizeArgs,
    #[command(flatten)]
    pub(crate) windows: WindowArgs,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,

    /// Epochs of fine-tuning of every pruned model, and of the dense control [default: 3; 1 with --quick]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Training")]
    pub(crate) finetune_epochs: Option<usize>,

    #[command(flatten)]
    pub(crate) score: ScoreArgs,
    #[command(flatten)]
    pub(crate) split: SplitArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) engine: StudyEngineArgs,

    /// Folder of the study [default: studies/DATA-MODEL-HASH]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) run: Option<PathBuf>,

    /// Resume a study that was stopped or killed: the command that it was started with, and --resume
    #[arg(long, help_heading = "Run")]
    pub(crate) resume: bool,

    /// study.json on standard output at the end, without other text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// No progress, only repairs, warnings and the final tables
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// The questions, and the effort.
#[derive(Debug, Args)]
#[command(next_help_heading = "Study")]
pub(crate) struct WhatArgs {
    /// Small models and short trainings: a first impression in a few minutes on two cores
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,

    /// Deeper models, five seeds, every control at every ratio: hours
    #[arg(long)]
    pub(crate) full: bool,

    /// Number of seeds, one model of each kind per seed [default: 3; 5 with --full]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) seeds: Option<usize>,

    /// The first seed; the others follow it
    #[arg(long, value_name = "N", default_value_t = 2023)]
    pub(crate) seed: u64,

    /// Encoder layers of the models [default: 2,4; 3 with --quick; 2,4,6 with --full]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = count)]
    pub(crate) layers: Vec<usize>,

    /// Only these questions: oracle, sweep, baselines, options, iterative, heads, adaptive, finetuning,
    /// stability, uniformity, ground-truth, zero-shot [default: all but finetuning]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = one_of(QUESTIONS), hide_possible_values = true)]
    pub(crate) only: Vec<Question>,

    /// Only these baseline scorers [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = scorer())]
    pub(crate) scorers: Vec<Scorer>,

    /// Another table with the same channels, on which the models are only evaluated; may be repeated
    #[arg(long, value_name = "OTHER.csv")]
    pub(crate) also: Vec<PathBuf>,

    /// Share of the attention modules at which variants are compared: at least one, never all
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = share)]
    pub(crate) ratio: f64,

    /// Rounding of the share to a whole number of modules
    #[arg(long, value_name = "HOW", default_value = "floor", value_parser = one_of(ROUNDINGS))]
    pub(crate) rounding: Rounding,

    /// Random orders, if not every subset is trained [default: 10]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) draws: Option<usize>,

    /// Batches of training windows of a scoring pass [default: 24; 8 with --domain]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) score_batches: Option<usize>,

    /// With --domain or --ground-truth, training steps [default: 800; 1500 with --ground-truth]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,

    /// With --domain, steps of fine-tuning [default: 200]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) finetune_steps: Option<usize>,
}

/// The model and its sizes. The depths are options of the study.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct SizeArgs {
    #[command(flatten)]
    pub(crate) choice: ModelChoice,

    #[command(flatten)]
    pub(crate) settings: Settings<false>,
}

const DOMAINS: &[(&str, Domain)] = &[("text", Domain::Text), ("images", Domain::Images)];

const QUESTIONS: &[(&str, Question)] = &[
    ("oracle", Question::Oracle),
    ("sweep", Question::Sweep),
    ("baselines", Question::BaselineScorers),
    // The names of version 0.1.
    ("rivals", Question::BaselineScorers),
    ("planted", Question::GroundTruth),
    ("options", Question::Options),
    ("iterative", Question::Iterative),
    ("heads", Question::Heads),
    ("adaptive", Question::Adaptive),
    ("finetuning", Question::Finetuning),
    ("stability", Question::Stability),
    ("uniformity", Question::Uniformity),
    ("ground-truth", Question::GroundTruth),
    ("zero-shot", Question::ZeroShot),
];

impl WhatArgs {
    /// Three by default.
    pub(crate) fn seeds(&self) -> Vec<u64> {
        (0..self.seeds.unwrap_or(if self.full { 5 } else { 3 }) as u64)
            .map(|place| self.seed.wrapping_add(place))
            .collect()
    }

    /// All by default.
    pub(crate) fn scorers(&self) -> Vec<Scorer> {
        let asked = |scorer: &Scorer| self.scorers.is_empty() || self.scorers.contains(scorer);
        Scorer::ALL.into_iter().filter(asked).collect()
    }
}

impl SizeArgs {
    /// As in `spat run`.
    pub(crate) fn model(&self, quick: bool) -> ModelArgs {
        let settings = self.settings.clone();
        // A preset and a backbone have sizes of their own.
        let has_sizes = self.choice.preset.is_some() || self.choice.backbone.backbone.is_some();
        let quick = (quick && !has_sizes).then(|| {
            let width = settings.count("width").unwrap_or(32);
            [("width", width), ("ff", width), ("heads", 4)]
        });
        ModelArgs {
            choice: self.choice.clone(),
            settings: settings.with_defaults(quick.into_iter().flatten()),
        }
    }
}
