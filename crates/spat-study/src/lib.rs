//! Experiments over many runs: whether SEND ranks well, how far a model can be pruned, and which scorers
//! are better.
//!
//! A [`spat_spec::Study`] lists the questions. [`conduct`] divides it into tasks that depend on nothing but
//! their own description, runs those without a stored result, and computes a [`spat_spec::StudyReport`]
//! from the results. A study that is killed and restarted ends with the same report, byte for byte.
//!
//! [`conduct_synthetic`] does the same for a [`spat_spec::SyntheticStudy`], which needs no table:
//! classifiers of a generated text and of drawn images, and a forecaster whose modules have a known order.
//!
//! [`conduct_suite`] makes the same comparison over the tables, models and horizons of a [`spat_spec::Suite`].
//!
//! SEND here is a reconstruction from the abstract and public digests of arXiv 2505.08768.

mod arithmetic;
mod cache;
mod classifiers;
mod compare;
mod compute;
mod conduct;
mod context;
mod datasets;
mod engine;
mod error;
mod executor;
mod external;
mod findings;
mod item;
mod merge;
mod questions;
mod runner;
pub mod statistics;
mod subsets;
mod suite;
pub mod synthetic;
mod task;
mod variants;
mod waves;
mod workers;

pub use arithmetic::Arithmetic;
pub use conduct::{REPORT_FILE, STUDY_FILE, StudyEnvironment, TIMINGS_FILE, conduct};
pub use datasets::TableSource;
pub use engine::{Engine, Threads};
pub use error::StudyError;
pub use executor::{Executor, StudyEvent};
pub use external::{External, Queue, WaveFile, wanted_of_wave};
pub use item::{WantedItem, WorkItem};
pub use merge::{Merged, merge};
pub use suite::{SuiteWork, conduct_suite};
pub use synthetic::conduct_synthetic;
pub use task::{Outcome, Recipe, Removal, Task, TaskErrors};
pub use variants::readings;
pub use workers::{suite_workers, workers};
