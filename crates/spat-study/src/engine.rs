//! Engines execute the items of a wave: those that depend on none of each other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use spat_engine::platform::run_on_threads;

use crate::error::StudyError;
use crate::executor::{Executor, StudyEvent};
use crate::item::WantedItem;

/// Executes items that have no stored result yet.
pub trait Engine: Sync {
    /// Returns when the results of all items are stored.
    ///
    /// # Errors
    /// The first failure, or [`StudyError::Stopped`].
    fn run(&self, executor: &Executor<'_>, wave: &[WantedItem]) -> Result<(), StudyError>;
}

/// This number of threads of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(pub usize);

impl Engine for Threads {
    /// After a failure no further item starts; the returned error is the first in the order of the items.
    fn run(&self, executor: &Executor<'_>, wave: &[WantedItem]) -> Result<(), StudyError> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let errors: Mutex<BTreeMap<usize, StudyError>> = Mutex::default();
        let worker = || {
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(wanted) = wave.get(place) else {
                    return;
                };
                if failed.load(Ordering::Relaxed) {
                    return;
                }
                let label = wanted.item.label();
                executor.emit(StudyEvent::Began(label.clone()));
                let result = if executor.is_stopped() {
                    Err(StudyError::Stopped)
                } else {
                    executor.compute(wanted)
                };
                match result {
                    Ok(()) => executor.emit(StudyEvent::Ended(label)),
                    Err(error) => {
                        failed.store(true, Ordering::Relaxed);
                        let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
                        errors.insert(place, error);
                    }
                }
            }
        };
        let workers = self.0.clamp(1, wave.len().max(1));
        if let Err(error) = run_on_threads(workers, &worker) {
            let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
            let reason = format!("cannot start a thread: {error}");
            errors.insert(usize::MAX, StudyError::Mismatch(reason));
        }
        let errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
        match errors.into_values().next() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
