//! Where the time goes, by operation, for whoever asks (`cargo xtask bench --profile`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

static ON: AtomicBool = AtomicBool::new(false);
static TIMES: Mutex<BTreeMap<&'static str, Duration>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// Whether an operation of this thread is being timed: what it calls belongs to it.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Counts from here on. Not for browsers, whose modules have no clock of their own.
pub fn start_profile() {
    TIMES.lock().unwrap_or_else(PoisonError::into_inner).clear();
    ON.store(true, Ordering::Relaxed);
}

/// What each operation took since [`start_profile`], by its name; stops counting.
pub fn take_profile() -> BTreeMap<&'static str, Duration> {
    ON.store(false, Ordering::Relaxed);
    std::mem::take(&mut TIMES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Counts until it is dropped.
pub(crate) struct Timed {
    name: &'static str,
    /// Where anything is counted at all.
    started: Option<Instant>,
}

/// The operation `name`, from here to the end of the scope.
pub(crate) fn timed(name: &'static str) -> Timed {
    // Not asked for, the flag of the thread is not touched.
    let counts = ON.load(Ordering::Relaxed) && !WITHIN.replace(true);
    Timed {
        name,
        started: counts.then(Instant::now),
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let Some(started) = self.started else {
            return;
        };
        WITHIN.set(false);
        let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        *times.entry(self.name).or_default() += started.elapsed();
    }
}
