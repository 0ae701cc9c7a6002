//! Threads that wait awake.
//!
//! A training step of a small model has dozens of tasks of some tens of microseconds, one after the
//! other. Waking a sleeping thread takes as long as such a task, so the helpers here look for work for
//! a moment before they sleep, and the caller works along with them instead of waiting for them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long a helper looks for work before it sleeps: longer than the pauses within a step.
const AWAKE: Duration = Duration::from_micros(200);

/// Looks between two glances at the clock.
const LOOKS: usize = 64;

/// A task cut into pieces, which whoever is free takes one by one.
struct Task {
    /// Does the piece of this number. Valid until `Pool::run` has returned.
    piece: &'static (dyn Fn(usize) + Sync),
    pieces: usize,
    /// Of the first piece that nobody has taken.
    next: AtomicUsize,
    /// Helpers at work.
    helpers: AtomicUsize,
    /// What a helper's piece panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Task {
    fn work(&self) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.pieces {
                return;
            }
            (self.piece)(number);
        }
    }
}

#[derive(Default)]
struct Board {
    /// Counts the tasks; a helper sees by it that there is a new one.
    posted: AtomicUsize,
    task: Mutex<Option<Arc<Task>>>,
    sleeping: AtomicUsize,
    wake: Condvar,
}

/// The helpers of this process.
pub(crate) struct Pool {
    helpers: usize,
    board: Arc<Board>,
    /// Held by who has a task on the board.
    taken: Mutex<()>,
}

impl Pool {
    /// The one pool, with a helper less than Rayon has threads (the caller is one).
    pub(crate) fn get() -> &'static Self {
        static POOL: OnceLock<Pool> = OnceLock::new();
        POOL.get_or_init(|| Self::new(rayon::current_num_threads().saturating_sub(1)))
    }

    fn new(wanted: usize) -> Self {
        let board = Arc::new(Board::default());
        let mut helpers = 0;
        for number in 0..wanted {
            let board = board.clone();
            let helper = std::thread::Builder::new()
                .name(format!("spat-cpu-{number}"))
                .spawn(move || help(&board));
            // A system that gives no more threads leaves the work to those that there are.
            helpers += usize::from(helper.is_ok());
        }
        Self {
            helpers,
            board,
            taken: Mutex::new(()),
        }
    }

    /// Threads that work on a task.
    pub(crate) fn threads(&self) -> usize {
        self.helpers + 1
    }

    /// Calls `piece` for all numbers below `pieces`, on all threads; on the caller's alone if they are
    /// busy with another task, as they are for a task within a task.
    pub(crate) fn run(&self, pieces: usize, piece: &(dyn Fn(usize) + Sync)) {
        let taken = match self.taken.try_lock() {
            Ok(taken) if self.helpers > 0 && pieces > 1 => taken,
            // A piece panicked on a caller's thread: the lock guards nothing that it could have left half done.
            Err(TryLockError::Poisoned(taken)) if self.helpers > 0 && pieces > 1 => {
                taken.into_inner()
            }
            _ => return (0..pieces).for_each(piece),
        };
        #[allow(unsafe_code)]
        // SAFETY: `piece` is called only by those who work on the task, and `Posted` waits until nobody
        // does before this function is left, by whichever way.
        let piece = unsafe {
            std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(piece)
        };
        let task = Arc::new(Task {
            piece,
            pieces,
            next: AtomicUsize::new(0),
            helpers: AtomicUsize::new(0),
            panic: Mutex::new(None),
        });
        let posted = Posted::new(&self.board, task.clone());
        task.work();
        drop(posted);
        drop(taken);
        if let Some(panic) = lock(&task.panic).take() {
            resume_unwind(panic);
        }
    }
}

/// A task while it is on the board; dropping waits until no helper works on it.
struct Posted<'a> {
    board: &'a Board,
    task: Arc<Task>,
}

impl<'a> Posted<'a> {
    fn new(board: &'a Board, task: Arc<Task>) -> Self {
        *lock(&board.task) = Some(task.clone());
        board.posted.fetch_add(1, Ordering::SeqCst);
        if board.sleeping.load(Ordering::SeqCst) > 0 {
            // With the lock in between, a helper either sleeps already or sees the task.
            drop(lock(&board.task));
            board.wake.notify_all();
        }
        Self { board, task }
    }
}

impl Drop for Posted<'_> {
    fn drop(&mut self) {
        // Nobody joins from here on.
        *lock(&self.board.task) = None;
        // After a panic of the caller's piece nobody takes another either.
        self.task.next.store(self.task.pieces, Ordering::Relaxed);
        let mut looks = 0_usize;
        while self.task.helpers.load(Ordering::Acquire) > 0 {
            pause(&mut looks);
        }
    }
}

/// A helper's life.
fn help(board: &Board) {
    let mut seen = 0;
    loop {
        await_post(board, &mut seen);
        let task = lock(&board.task).as_ref().map(|task| {
            task.helpers.fetch_add(1, Ordering::AcqRel);
            task.clone()
        });
        if let Some(task) = task {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| task.work())) {
                task.next.store(task.pieces, Ordering::Relaxed);
                *lock(&task.panic) = Some(panic);
            }
            task.helpers.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Waits for a task that is newer than `seen`: awake at first, then asleep.
fn await_post(board: &Board, seen: &mut usize) {
    let started = Instant::now();
    let mut looks = 0;
    loop {
        let posted = board.posted.load(Ordering::SeqCst);
        if posted != *seen {
            *seen = posted;
            return;
        }
        pause(&mut looks);
        if looks.is_multiple_of(LOOKS) && started.elapsed() > AWAKE {
            break;
        }
    }
    let mut task = lock(&board.task);
    board.sleeping.fetch_add(1, Ordering::SeqCst);
    while board.posted.load(Ordering::SeqCst) == *seen {
        task = board
            .wake
            .wait(task)
            .unwrap_or_else(PoisonError::into_inner);
    }
    board.sleeping.fetch_sub(1, Ordering::SeqCst);
    *seen = board.posted.load(Ordering::SeqCst);
    drop(task);
}

/// A moment of waiting; now and then another thread may have the CPU.
fn pause(looks: &mut usize) {
    *looks += 1;
    if looks.is_multiple_of(LOOKS) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

/// Nothing that the locks guard can be left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once_whoever_asks() {
        let pool = Pool::new(3);
        for round in 0..2_000 {
            let pieces = round % 37;
            let done: Vec<AtomicUsize> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
            pool.run(pieces, &|number| {
                done[number].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1));
            if round % 500 == 0 {
                // Long enough for the helpers to sleep.
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }

    #[test]
    fn a_task_within_a_task_and_callers_side_by_side() {
        let pool = Pool::new(2);
        let sum = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        pool.run(8, &|outer| {
                            pool.run(4, &|inner| {
                                sum.fetch_add(outer * 4 + inner, Ordering::Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 3 * 200 * (0..32).sum::<usize>());
    }

    #[test]
    fn a_panic_comes_back_to_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        for guilty in 0..64 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.run(64, &|number| assert_ne!(number, guilty));
            }));
            assert!(result.is_err());
        }
        // Both threads still work: each waits in its piece for the other.
        let both = std::sync::Barrier::new(2);
        pool.run(2, &|_| {
            both.wait();
        });
    }
}
