//! The layers that models are composed of.

mod attention;
mod attention_layer;
mod decoder;
mod encoder;
pub(crate) mod gpt2;
mod norm;
mod patches;
mod positions;
mod row_embedding;
mod time_axis;
mod window_norm;

pub use attention::{AttentionSlot, MultiHeadAttention, Sender};
pub(crate) use attention::{ScoreChain, Tokens};
pub use attention_layer::AttentionLayer;
pub(crate) use attention_layer::{LayerOptions, NormKind};
pub(crate) use decoder::Decoder;
pub use encoder::{Encoder, EncoderSize};
pub(crate) use gpt2::{Gpt2, Gpt2Source};
pub(crate) use norm::EPSILON as NORM_EPSILON;
pub use norm::{BatchNorm, Norm};
pub(crate) use patches::patches;
pub(crate) use positions::sinusoids;
pub(crate) use row_embedding::{RowEmbedding, circular_neighbours};
pub(crate) use time_axis::{moving_average, over_time};
pub(crate) use window_norm::{Affine, EPSILON as WINDOW_EPSILON, WindowStatistics, normalise};
