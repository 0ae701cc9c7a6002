//! Scoring and pruning where the truth is known, because the program makes the data itself.
//!
//! Two domains that are no forecasting, read by the same small Transformer: characters of a
//! [`text`] with a known grammar, and [`images`] of shapes. They go the way of a forecaster, dense →
//! scores → plan → removal → fine-tuning ([`run`]), through the same encoder, probes, scorers and
//! removal. And a forecaster into which needless modules are [`planted`], so that their true order
//! is known.

mod classifier;
mod course;
mod draw;
mod evaluate;
mod fit;
pub mod images;
pub mod planted;
mod run;
pub mod text;

pub use classifier::{Classifier, Examples, Readout, Task};
pub use course::{Course, Stream, best_loss, task};
pub use evaluate::DomainResult;
pub use run::{DomainConfig, DomainError, DomainReport, run};
pub use spat_spec::{ClassifierSize, Domain};
