//! The layers that models are composed of.

mod attention;
mod attention_layer;
mod decoder;
mod distilling;
mod encoder;
pub(crate) mod gpt2;
mod norm;
mod patches;
mod positions;
mod row_embedding;
mod state_space;
mod time_axis;
mod window_norm;

pub(crate) use attention::{AttentionKind, ScoreChain, TokenWidths, Tokens};
pub use attention::{AttentionSlot, MultiHeadAttention, Sender};
pub use attention_layer::AttentionLayer;
pub(crate) use attention_layer::{FeedForward, LayerOptions, NormKind};
pub(crate) use decoder::{Decoder, DecoderAttention, EncoderDecoder};
pub use distilling::Distilling;
pub use encoder::{Encoder, EncoderSize};
pub(crate) use gpt2::{Gpt2, Gpt2Source};
pub use norm::{BatchNorm, CentredNorm, Decomposition, Norm};
pub(crate) use norm::{Branch, EPSILON as NORM_EPSILON};
pub(crate) use patches::patches;
pub(crate) use positions::sinusoids;
pub(crate) use row_embedding::{RowEmbedding, circular_neighbours};
pub(crate) use state_space::{MambaBlock, MambaSize};
pub(crate) use time_axis::{moving_average, over_time};
pub(crate) use window_norm::{Affine, EPSILON as WINDOW_EPSILON, WindowStatistics, normalise};
