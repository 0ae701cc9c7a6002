//! `spat study`.

use std::path::PathBuf;

use clap::Args;
use spat_spec::{Domain, Question, Rounding, Scorer};

use super::model::{ModelChoice, Settings};
use super::prune::ROUNDINGS;
use super::values::{count, one_of, scorer, share};
use super::{DeviceArgs, ModelArgs, ReadArgs, ScoreArgs, SplitArgs, TrainingArgs, WindowArgs};

/// `spat study`.
#[derive(Debug, Args)]
#[command(
    after_help = "The study is a list of independent tasks; each result is a small file in the study's folder. Stop it\n\
with Ctrl-C, or kill it: the same command with --resume goes on, and ends with the same study.json to the byte.\n\
SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768."
)]
pub(crate) struct StudyArgs {
    /// Table of numbers: one row per time step, one column per channel (CSV, TSV, …)
    #[arg(value_name = "DATA.csv", required_unless_present_any = ["demo", "domain", "ground_truth"])]
    pub(crate) data: Option<PathBuf>,

    /// Study the built-in table: a year of New York weather
    #[arg(long, conflicts_with = "data")]
    pub(crate) demo: bool,

    /// No forecasting and no table, but a small Transformer on data that the program makes: text (with
    /// a known grammar) or images (of drawn shapes)
    #[arg(long, value_name = "WHAT", value_parser = one_of(DOMAINS), conflicts_with_all = ["data", "demo"])]
    pub(crate) domain: Option<Domain>,

    /// No table, but a forecaster whose modules have a known order of importance: does a scorer find it?
    #[arg(long, alias = "planted", conflicts_with_all = ["data", "demo", "domain"])]
    pub(crate) ground_truth: bool,

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

    /// Folder of the study [default: studies/DATA-MODEL-HASH]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) run: Option<PathBuf>,

    /// Go on with a study that was stopped or killed: the command it was begun with, and --resume
    #[arg(long, help_heading = "Run")]
    pub(crate) resume: bool,

    /// study.json on standard output at the end, and nothing else there
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// No progress: only repairs, warnings and the final tables
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// What is asked, and how much may be spent on it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Study")]
pub(crate) struct WhatArgs {
    /// Small models and short trainings: a hint in a few minutes on two cores
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,

    /// Deeper models, five seeds, every control at every ratio: hours
    #[arg(long)]
    pub(crate) full: bool,

    /// Models of each kind, differing in their seed [default: 3; 5 with --full]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) seeds: Option<usize>,

    /// The first seed; the others follow it
    #[arg(long, value_name = "N", default_value_t = 2023)]
    pub(crate) seed: u64,

    /// Encoder layers of the models [default: 2,4; 3 with --quick; 2,4,6 with --full]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = count)]
    pub(crate) layers: Vec<usize>,

    /// Only these questions: oracle, sweep, baselines, options, iterative, heads, adaptive, stability,
    /// uniformity, ground-truth, zero-shot [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = one_of(QUESTIONS), hide_possible_values = true)]
    pub(crate) only: Vec<Question>,

    /// Only these baseline scorers [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = scorer())]
    pub(crate) scorers: Vec<Scorer>,

    /// Another table with the same channels that the models are shown unseen; may be repeated
    #[arg(long, value_name = "OTHER.csv")]
    pub(crate) also: Vec<PathBuf>,

    /// Share of the attention modules at which variants are compared: at least one, never all
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = share)]
    pub(crate) ratio: f64,

    /// How the share becomes a whole number of modules
    #[arg(long, value_name = "HOW", default_value = "floor", value_parser = one_of(ROUNDINGS))]
    pub(crate) rounding: Rounding,

    /// Random orders where not every subset is trained [default: 10]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) draws: Option<usize>,

    /// Batches of training windows that a scoring pass sees [default: 24; 8 with --domain]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) score_batches: Option<usize>,

    /// With --domain or --ground-truth, training steps [default: 800; 1500 with --ground-truth]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,

    /// With --domain, steps of fine-tuning [default: 200]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) finetune_steps: Option<usize>,
}

/// The model and its sizes; its depth is a matter of the study.
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
    ("stability", Question::Stability),
    ("uniformity", Question::Uniformity),
    ("ground-truth", Question::GroundTruth),
    ("zero-shot", Question::ZeroShot),
];

impl WhatArgs {
    /// Three unless somebody says otherwise.
    pub(crate) fn seeds(&self) -> Vec<u64> {
        (0..self.seeds.unwrap_or(if self.full { 5 } else { 3 }) as u64)
            .map(|place| self.seed.wrapping_add(place))
            .collect()
    }

    /// All unless some are named.
    pub(crate) fn scorers(&self) -> Vec<Scorer> {
        let asked = |scorer: &Scorer| self.scorers.is_empty() || self.scorers.contains(scorer);
        Scorer::ALL.into_iter().filter(asked).collect()
    }
}

impl SizeArgs {
    /// The same as `spat run` would have it.
    pub(crate) fn model(&self, quick: bool) -> ModelArgs {
        let settings = self.settings.clone();
        let quick = (quick && self.choice.preset.is_none()).then(|| {
            let width = settings.count("width").unwrap_or(32);
            [("width", width), ("ff", width), ("heads", 4)]
        });
        ModelArgs {
            choice: self.choice.clone(),
            settings: settings.with_defaults(quick.into_iter().flatten()),
        }
    }
}
