//! Sensitivities and attention maps, reduced to a few numbers per head where they lie, and the
//! operations of an encoder layer on a GPU ([`encoder`]).
//!
//! On a GPU the stages of `shaders/` run on Burn's own device and queue, straight from the tensor's
//! buffer: they are ordered with Burn's operations, need no submission of their own, and nothing is
//! read back. On the CPU the references of the same names and loops run; those of the encoder's stages are
//! the operations of `spat-cpu`. Both give the same numbers to rounding (`tests/references.rs`,
//! `tests/encoder.rs`).
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768; its
//! options are [`spat_spec::SendOptions`].

mod alone;
mod buffer;
pub mod encoder;
mod gpu;
mod host;
mod launch;
mod maps;
mod place;
pub mod reference;
mod scores;
mod stage;
mod task;

pub use alone::run_alone;
pub use buffer::{Buffer, Gpu};
pub use launch::WORKGROUP;
pub use maps::{attention_entropy, average_maps};
pub use scores::{RunningScores, ScoreReading};
pub use stage::{Loads, Stage};
pub use task::Task;
