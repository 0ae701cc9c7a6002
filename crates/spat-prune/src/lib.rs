//! Which attention modules earn their cost, and the removal of those that do not.
//!
//! [`ScoreAccumulator`] takes SEND from a running training; [`score_with`] takes SEND or any of its
//! rivals from a model and batches; [`apply`] carries a plan out.
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768; every
//! choice that they leave open is a field of [`spat_spec::SendOptions`].

mod accumulator;
pub mod adaptive;
mod apply;
pub mod score;
mod send;

pub use accumulator::{ScoreAccumulator, ScoreError};
pub use apply::apply;
pub use score::{Sample, ScorableModel, ScoringOptions, score_with};
pub use send::{send, send_reference};
