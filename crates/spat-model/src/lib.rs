//! Forecasters on Burn whose attention modules can be probed and removed.
//!
//! Every model reads as a configuration (in `spat-spec`) and a module (here). Attention multiplies
//! its map with a connection mask M where a [`ForwardContext`] asks for it, so that `∂L/∂M` can be read; an
//! [`AttentionSlot`] without a module is a removed one.

mod attention;
mod encoder;
mod forecaster;
mod forward_context;
mod has_attention;
mod import;
mod initial;
mod itransformer;
mod linear;
mod norm;
mod operations;
mod patchtst;
mod weights;
mod window_norm;

pub use attention::{AttentionSlot, MultiHeadAttention};
pub use encoder::{Encoder, EncoderLayer, EncoderSize};
pub use forecaster::{Forecaster, Inputs};
pub use forward_context::{ForwardContext, GateGradients, Gates, Probe, Stream};
pub use has_attention::HasAttention;
pub use import::{ImportError, from_pytorch, from_pytorch_file};
pub use itransformer::ITransformer;
pub use linear::{DLinear, RLinear};
pub use norm::{BatchNorm, Norm};
pub use operations::mean_squared_error;
pub use patchtst::PatchTst;
pub use weights::{ParameterPath, WeightError, read, weights, with_weights};
