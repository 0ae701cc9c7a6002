//! Scoring and pruning on generated data with a known ground truth.
//!
//! Two domains other than forecasting, with the same small Transformer: characters of a [`text`] with a
//! known grammar, and [`images`] of shapes. They use the same encoder, probes, scorers and removal as a
//! forecaster, with the same steps: dense → scores → plan → removal → fine-tuning ([`run`]). And a
//! forecaster whose modules are constrained to a known order of importance ([`ground_truth`]).

mod classifier;
mod course;
mod draw;
mod evaluate;
mod fit;
pub mod ground_truth;
pub mod images;
mod run;
mod study;
pub mod text;

pub use classifier::{Classifier, Examples, Readout, Task};
pub use course::{Course, Stream, best_loss, task};
pub use evaluate::DomainResult;
pub use run::{DomainConfig, DomainError, DomainReport, run};
pub use spat_spec::{ClassifierSize, Domain};
pub use study::conduct_synthetic;
