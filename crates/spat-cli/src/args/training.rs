//! How a model is trained.

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use spat_spec::{Schedule, WeightAveraging};

use super::values::{Patience, averaging, count, not_negative, patience, positive, schedule};

/// Training of the dense model; also the defaults of fine-tuning.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingArgs {
    /// Largest number of epochs [default: 10; 100 without --preset if there are fewer than 2,000 training windows]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) epochs: Option<usize>,

    /// Windows per step [default: 32]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) batch: Option<usize>,

    /// Learning rate before the schedule [default: 1e-4; 5e-3 for the linear models]
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub(crate) learning_rate: Option<f64>,

    /// constant, halving, decay, cosine, exponential=0.95 (factor per epoch), or one-cycle=0.3 (share that
    /// rises) [default: halving; constant with those 100 epochs]
    #[arg(long, value_name = "NAME", value_parser = schedule)]
    pub(crate) schedule: Option<Schedule>,

    /// Epochs without a better validation error before training stops, or `none` [default: 3; 5 with
    /// those 100 epochs]
    #[arg(long, value_name = "N", value_parser = patience)]
    pub(crate) patience: Option<Patience>,

    /// Optimiser [default: adam]
    #[arg(long, value_name = "NAME")]
    pub(crate) optimizer: Option<OptimizerName>,

    /// Weight decay of AdamW [default: 0.01]
    #[arg(long, value_name = "SHARE", value_parser = not_negative)]
    pub(crate) weight_decay: Option<f64>,

    /// Largest norm of the gradients [default: not clipped]
    #[arg(long, value_name = "NORM", value_parser = positive)]
    pub(crate) clip_norm: Option<f64>,
}

/// Training after the removal.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fine-tuning and controls")]
pub(crate) struct FinetuneArgs {
    /// Largest number of epochs of fine-tuning; 0 for none
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) finetune_epochs: usize,

    /// Learning rate of fine-tuning [default: that of the training]
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub(crate) finetune_learning_rate: Option<f64>,

    /// Learning rate of fine-tuning as a share of that of the training, such as 0.1
    #[arg(long, value_name = "SHARE", value_parser = positive, conflicts_with = "finetune_learning_rate")]
    pub(crate) finetune_rate_share: Option<f64>,

    /// Schedule of fine-tuning, which starts anew [default: that of the training; halving if it spans the whole
    /// training]
    #[arg(long, value_name = "NAME", value_parser = schedule)]
    pub(crate) finetune_schedule: Option<Schedule>,

    /// Averaged weights that validation compares with the current ones: none, epochs (mean of the weights at the
    /// validations), or ema=0.99 (moving average over the steps, with its decay) [default: epochs; none with
    /// --preset]
    #[arg(long, value_name = "AVERAGE", value_parser = averaging)]
    pub(crate) finetune_average: Option<WeightAveraging>,

    /// Validations per epoch of fine-tuning; early stopping may end it at each, and its patience counts them
    /// [default: 1]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) finetune_validations: Option<usize>,

    /// Whether fine-tuning may end with the weights that it started from, if validation prefers none later
    /// [default: yes; no with --preset]
    #[arg(long, value_name = "YES|NO", value_parser = BoolishValueParser::new())]
    pub(crate) finetune_keep_start: Option<bool>,

    /// Leave out the control: the dense model, fine-tuned as long as the pruned one
    #[arg(long)]
    pub(crate) no_dense_control: bool,

    /// Add the control: the pruned structure, trained from new weights
    #[arg(long)]
    pub(crate) scratch_control: bool,

    /// Leave out the linear baselines, RLinear and DLinear, which state whether a Transformer is needed
    #[arg(long)]
    pub(crate) no_linear_baselines: bool,
}

/// The optimisers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerName {
    Adam,
    #[value(name = "adamw")]
    AdamW,
}
