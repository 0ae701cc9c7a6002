//! Time spent per operation (`cargo xtask bench --profile`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

static ON: AtomicBool = AtomicBool::new(false);
static TIMES: Mutex<BTreeMap<&'static str, Duration>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// Whether an operation of this thread is being timed; nested operations count towards it.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Starts timing. Not available in WebAssembly, which has no clock.
pub fn start_profile() {
    TIMES.lock().unwrap_or_else(PoisonError::into_inner).clear();
    ON.store(true, Ordering::Relaxed);
}

/// Time spent in each operation since [`start_profile`], by name; stops timing.
pub fn take_profile() -> BTreeMap<&'static str, Duration> {
    ON.store(false, Ordering::Relaxed);
    std::mem::take(&mut TIMES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Times a scope until it is dropped.
pub(crate) struct Timed {
    name: &'static str,
    /// `None` unless timing is on.
    started: Option<Instant>,
}

/// Times the operation `name` until the end of the scope.
pub(crate) fn timed(name: &'static str) -> Timed {
    // With timing off, the thread-local flag is not accessed.
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
