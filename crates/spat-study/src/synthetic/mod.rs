//! Scoring and pruning where the truth is known, because the program makes the data itself.
//!
//! Two domains that are no forecasting, read by the same small Transformer: characters of a
//! [`text`] with a known grammar, and [`images`] of shapes. They go the way of a forecaster, dense →
//! scores → plan → removal → fine-tuning ([`run`]), through the same encoder, probes, scorers and
//! removal. And a forecaster whose modules are constrained to a known order of importance
//! ([`ground_truth`]).

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
