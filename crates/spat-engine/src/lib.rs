//! The job behind every front end of SPAT: train, score, prune, fine-tune, evaluate, report.
//!
//! A front end sends [`spat_spec::Command`]s and receives [`spat_spec::Event`]s; it needs no tensors.
//! The core is async and single-threaded: native programs drive it with a blocking executor on its own
//! thread, browsers inside a worker.

mod adam_step;
mod calibration;
mod comparisons;
mod control;
mod dataset;
pub mod device;
mod error;
mod evaluate;
mod findings;
mod folds;
mod forecast_csv;
mod job;
mod learner;
mod linear;
mod maps;
mod measure;
mod optimizer;
mod phases;
pub mod platform;
mod progress;
mod run_context;
mod run_files;
mod sample;
mod saved;
mod scoring;
mod seeds;
pub mod session;
mod store;
mod trainer;
mod training_state;
mod trial_runner;
mod viewer;
mod weight_average;

/// The type of a device, for front ends to pass on.
pub use burn::tensor::Device;
pub use calibration::LEVELS;
pub use control::Control;
pub use dataset::{Dataset, shuffled};
pub use error::JobError;
pub use job::{Job, forget_plan, run, train_dense, validate_for};
pub use measure::Timings;
pub use optimizer::Adam;
pub use saved::{Future, SavedForecaster};
pub use spat_model::passes_begun;
pub use store::{MemoryStore, RunStore, StoreError};
pub use trial_runner::{Errors, Fitted, TrialRunner};
pub use viewer::Viewer;
