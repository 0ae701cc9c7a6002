//! GPU operations: reduction of sensitivities and attention maps to a few numbers per head, and the
//! operations of an encoder layer ([`encoder`]).
//!
//! On a GPU, the stages of `shaders/` run on Burn's own device and queue, directly on the tensor's buffer:
//! they are ordered with Burn's operations, need no submission of their own, and read nothing back. On the
//! CPU, the references with the same names run instead; those of the encoder's stages are the operations of
//! `spat-cpu`. Both agree to rounding (`tests/references.rs`, `tests/encoder.rs`).
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768; its
//! options are [`spat_spec::SendOptions`].

mod buffer;
pub mod encoder;
mod gpu;
mod host;
mod launch;
mod maps;
mod place;
pub mod reference;
mod run_stage;
mod scores;
mod stage;
mod task;

pub use buffer::{Buffer, Gpu};
pub use launch::WORKGROUP;
pub use maps::{attention_entropy, average_maps};
pub use run_stage::run_stage;
pub use scores::{RunningScores, ScoreReading};
pub use stage::{Loads, Stage};
pub use task::Task;
