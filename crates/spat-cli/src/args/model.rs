//! Which model, and how large.

use clap::Args;
use spat_spec::{ModelKind, Preset};

use super::values::{not_negative, one_of};

/// A model by the name that is typed.
pub(crate) type ModelName = ModelKind;

/// Rows in and out of a model.
#[derive(Debug, Args)]
#[command(next_help_heading = "Windows")]
pub(crate) struct WindowArgs {
    /// Rows that the model sees [default: 96; 336 for patchtst-authors with a preset]
    #[arg(long, value_name = "ROWS")]
    pub(crate) lookback: Option<usize>,

    /// Rows that it forecasts
    #[arg(long, value_name = "ROWS", default_value_t = 96)]
    pub(crate) horizon: usize,
}

/// The model and its sizes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArgs {
    /// Which model
    #[arg(long, value_name = "MODEL", default_value = "itransformer", value_parser = one_of(MODELS))]
    pub(crate) model: ModelName,

    /// Published settings of a benchmark set: split, sizes and training; other flags override them
    #[arg(long, value_name = "SET", value_parser = one_of(PRESETS))]
    pub(crate) preset: Option<Preset>,

    /// Encoder layers, each with one attention module [default: 2; 3 for PatchTST]
    #[arg(long, value_name = "N")]
    pub(crate) layers: Option<usize>,

    /// Width of a token (d_model) [default: 128]
    #[arg(long, value_name = "N")]
    pub(crate) width: Option<usize>,

    /// Hidden width of the feed-forward part (d_ff) [default: 128; 256 for PatchTST]
    #[arg(long, value_name = "N")]
    pub(crate) ff: Option<usize>,

    /// Attention heads per module; divides the width [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) heads: Option<usize>,

    /// Dropout probability [default: 0.1]
    #[arg(long, value_name = "P", value_parser = not_negative)]
    pub(crate) dropout: Option<f64>,

    /// PatchTST: rows per patch [default: 16]
    #[arg(long, value_name = "ROWS")]
    pub(crate) patch: Option<usize>,

    /// PatchTST: rows between the starts of two patches [default: 8]
    #[arg(long, value_name = "ROWS")]
    pub(crate) stride: Option<usize>,

    /// iTransformer: leave the dates out; by default they join the channels as tokens
    #[arg(long)]
    pub(crate) no_time_stamps: bool,
}

/// Names of the models.
pub(crate) const MODELS: &[(&str, ModelKind)] = &[
    ("itransformer", ModelKind::ITransformer),
    ("patchtst", ModelKind::PatchTst),
    ("patchtst-authors", ModelKind::PatchTstAuthors),
    ("dlinear", ModelKind::DLinear),
    ("rlinear", ModelKind::RLinear),
];

pub(crate) const PRESETS: &[(&str, Preset)] = &[
    ("etth1", Preset::Etth1),
    ("etth2", Preset::Etth2),
    ("ettm1", Preset::Ettm1),
    ("ettm2", Preset::Ettm2),
    ("weather", Preset::Weather),
    ("exchange", Preset::Exchange),
    ("ecl", Preset::Ecl),
    ("traffic", Preset::Traffic),
];

/// The name that a model is asked for by.
pub(crate) fn name(model: ModelKind) -> &'static str {
    MODELS
        .iter()
        .find(|(_, kind)| *kind == model)
        .map_or("model", |(name, _)| name)
}
