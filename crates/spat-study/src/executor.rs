//! Provides results of items: from memory, from the cache, or by an engine that executes them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use spat_spec::DataConfig;

use crate::arithmetic::Arithmetic;
use crate::cache::{Cache, StoredOutcome};
use crate::compute::Computation;
use crate::datasets::Datasets;
use crate::engine::Engine;
use crate::error::StudyError;
use crate::item::{WantedItem, WorkItem};
use crate::task::{Outcome, Recipe};
use crate::waves::Waves;

/// Progress of a study.
#[derive(Debug, Clone, PartialEq)]
pub enum StudyEvent {
    /// More tasks are requested.
    Wanted {
        /// Number of new tasks.
        tasks: usize,
        /// Number of these with a stored result.
        known: usize,
    },
    /// A task starts.
    Began(String),
    /// A task is finished.
    Ended(String),
    /// A part of the study starts.
    Part(String),
}

/// Executes items over any number of tables, ways of reading them, windows and models. Items that are
/// requested together are executed together.
pub struct Executor<'a> {
    pub(crate) cache: Cache,
    pub(crate) datasets: Datasets<'a>,
    pub(crate) engine: &'a dyn Engine,
    pub(crate) on_event: &'a (dyn Fn(StudyEvent) + Sync),
    pub(crate) stop: &'a AtomicBool,
    pub(crate) known: Mutex<HashMap<String, Outcome>>,
    /// That of this process.
    pub(crate) arithmetic: Arithmetic,
    /// That of the study's results, and the key of one of them.
    pub(crate) of_results: Mutex<Option<(Arithmetic, String)>>,
}

impl Executor<'_> {
    /// Results of the items, in order. Those without a stored result are executed, and before them the
    /// trainings whose weights they need and that are not stored.
    ///
    /// # Errors
    /// An item fails, a stored result cannot be read, or the study is stopped.
    pub fn ask(&self, items: &[WorkItem]) -> Result<Vec<Outcome>, StudyError> {
        let keys: Vec<String> = items.iter().map(WorkItem::key).collect();
        let mut waves = Waves::new(&self.cache);
        let mut seen: HashSet<&str> = HashSet::new();
        let mut found = 0;
        for (key, item) in keys.iter().zip(items) {
            if self.known().contains_key(key) || !seen.insert(key) {
                continue;
            }
            if self.read(key)? {
                found += 1;
            } else {
                waves.want_result(item);
            }
        }
        self.execute(waves, found)?;
        let known = self.known();
        keys.iter()
            .zip(items)
            .map(|(key, item)| {
                known.get(key).cloned().ok_or_else(|| {
                    StudyError::Mismatch(format!("there is no result of: {}", item.label()))
                })
            })
            .collect()
    }

    /// Makes sure that the weights of these models are stored, because other items need them.
    ///
    /// # Errors
    /// As [`Executor::ask`].
    pub fn ask_models<'m>(
        &self,
        models: impl IntoIterator<Item = (&'m DataConfig, &'m Recipe)>,
    ) -> Result<(), StudyError> {
        let mut waves = Waves::new(&self.cache);
        for (data, recipe) in models {
            waves.want_weights(data, recipe);
        }
        self.execute(waves, 0)
    }

    /// Computes an item in this process and stores its result, and its weights if they are wanted.
    ///
    /// # Errors
    /// The failure of the item, or its result cannot be stored.
    pub fn compute(&self, wanted: &WantedItem) -> Result<(), StudyError> {
        Computation {
            executor: self,
            data: &wanted.item.data,
        }
        .perform(wanted)
    }

    fn execute(&self, waves: Waves<'_>, known: usize) -> Result<(), StudyError> {
        let waves = waves.into_waves();
        let count: usize = waves.iter().map(Vec::len).sum();
        if known + count > 0 {
            self.emit(StudyEvent::Wanted {
                tasks: known + count,
                known,
            });
        }
        for wave in waves {
            self.engine.run(self, &wave)?;
        }
        Ok(())
    }

    /// Reads a stored result into memory. Returns false if there is none.
    pub(crate) fn read(&self, key: &str) -> Result<bool, StudyError> {
        let Some(stored) = self.cache.outcome(key)? else {
            return Ok(false);
        };
        if let Some(arithmetic) = &stored.computed_with {
            self.require_same(arithmetic, key)?;
        }
        self.known().insert(key.to_owned(), stored.outcome);
        Ok(true)
    }

    /// Refuses results whose digits may differ from those of the study's other results.
    pub(crate) fn require_same(
        &self,
        arithmetic: &Arithmetic,
        key: &str,
    ) -> Result<(), StudyError> {
        let mut of_results = self
            .of_results
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*of_results {
            None => {
                *of_results = Some((arithmetic.clone(), key.to_owned()));
                Ok(())
            }
            Some((known, _)) if known == arithmetic => Ok(()),
            Some((known, known_key)) => Err(StudyError::MixedArithmetic {
                path: self.cache.path_of(known_key),
                arithmetic: known.to_string(),
                other_path: self.cache.path_of(key),
                other: arithmetic.to_string(),
            }),
        }
    }

    /// Whether a result is known or stored.
    pub(crate) fn has_result(&self, key: &str) -> bool {
        self.known().contains_key(key) || self.cache.has_outcome(key)
    }

    /// Stores a computed result.
    pub(crate) fn store(&self, key: &str, outcome: Outcome) -> Result<(), StudyError> {
        let stored = StoredOutcome {
            outcome,
            computed_with: Some(self.arithmetic.clone()),
        };
        self.cache.keep(key, &stored)?;
        self.known().insert(key.to_owned(), stored.outcome);
        Ok(())
    }

    pub(crate) fn emit(&self, event: StudyEvent) {
        (self.on_event)(event);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, HashMap<String, Outcome>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
