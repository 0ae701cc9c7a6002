//! Scores of attention modules, and the removal of modules.
//!
//! [`ScoreAccumulator`] computes SEND during training; [`score_with`] computes SEND or any baseline
//! scorer from a model and batches; [`apply`] applies a plan.
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768; every
//! choice that they leave open is a field of [`spat_spec::SendOptions`].

mod accumulator;
pub mod adaptive;
mod apply;
mod measurements;
mod options;
mod scorable_model;
mod scorers;
pub mod selection;
mod send;

pub use accumulator::{ScoreAccumulator, ScoreError};
pub use apply::apply;
pub use options::{GateTraining, ScoringOptions, Tuning};
pub use scorable_model::{Sample, ScorableModel, Target, Weights};
pub use scorers::{HardConcrete, opening, score_with};
pub use send::{send, send_reference};
