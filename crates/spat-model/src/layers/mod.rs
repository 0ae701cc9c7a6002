//! The layers that models are composed of.

mod attention;
mod encoder;
mod norm;
mod time_axis;
mod window_norm;

pub(crate) use attention::Tokens;
pub use attention::{AttentionSlot, MultiHeadAttention};
pub use encoder::{Encoder, EncoderLayer, EncoderSize};
pub(crate) use encoder::{EncoderOptions, NormKind};
pub(crate) use norm::EPSILON as NORM_EPSILON;
pub use norm::{BatchNorm, Norm};
pub(crate) use time_axis::{moving_average, over_time};
pub(crate) use window_norm::{Affine, EPSILON as WINDOW_EPSILON, WindowStatistics, normalise};
