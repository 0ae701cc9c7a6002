//! Which attention modules earn their cost, and the removal of those that do not.
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768; every
//! choice that they leave open is a field of [`spat_spec::SendOptions`].

mod accumulator;
mod apply;
mod send;

pub use accumulator::{ScoreAccumulator, ScoreError};
pub use apply::apply;
pub use send::{send, send_reference};
