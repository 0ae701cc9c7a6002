//! Forecasters on Burn whose attention modules can be probed and removed.
//!
//! Each model consists of a configuration (in `spat-spec`) and a module (here). Attention multiplies its
//! map by a connection mask M if a [`ForwardContext`] requests it, so that `∂L/∂M` can be read. An
//! [`AttentionSlot`] without a module is a removed module.

mod backbone;
mod forward_context;
mod has_attention;
mod import;
mod initial;
mod interpolation;
mod layers;
mod models;
mod operations;
mod prompt;
mod weights;

pub use backbone::{Backbone, BackboneError, check_backbone, load_backbone};
pub use forward_context::{
    ForwardContext, GateGradients, Gates, MapValues, Probe, Stream, passes_begun,
};
pub use has_attention::HasAttention;
pub use import::{ImportError, from_pytorch, from_pytorch_file};
pub use layers::{
    AttentionLayer, AttentionSlot, BatchNorm, CentredNorm, Decomposition, Distilling, Encoder,
    EncoderSize, MultiHeadAttention, Norm, Sender,
};
pub use models::*;
pub use operations::mean_squared_error;
pub use prompt::Prompts;
pub use weights::{ParameterPath, WeightError, read, weights, with_weights};
