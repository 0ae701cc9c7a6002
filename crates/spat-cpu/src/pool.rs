//! A thread pool whose workers spin before they sleep.
//!
//! A training step of a small model consists of dozens of consecutive tasks of some tens of microseconds.
//! Waking a sleeping thread takes as long as such a task, so workers spin briefly before they sleep, and
//! the caller takes part in the work instead of blocking.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long a worker spins before it sleeps: longer than the pauses within a step.
const SPIN_TIME: Duration = Duration::from_micros(200);

/// Spin iterations between two reads of the clock.
const SPINS_PER_CLOCK_READ: usize = 64;

/// A task divided into pieces; each free thread takes the next piece.
struct Task {
    /// Runs the piece with this number. Valid until `Pool::run` returns.
    piece: &'static (dyn Fn(usize) + Sync),
    pieces: usize,
    /// Number of the next piece to take.
    next: AtomicUsize,
    /// Workers active on the task.
    workers: AtomicUsize,
    /// Panic payload of a worker's piece.
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
    /// Number of tasks so far; a change notifies workers of a new task.
    posted: AtomicUsize,
    task: Mutex<Option<Arc<Task>>>,
    sleeping: AtomicUsize,
    wake: Condvar,
}

/// The workers of this process.
pub(crate) struct Pool {
    workers: usize,
    board: Arc<Board>,
    /// Held by the caller whose task is posted.
    taken: Mutex<()>,
}

impl Pool {
    /// The global pool, with one worker less than Rayon has threads, since the caller takes part.
    pub(crate) fn get() -> &'static Self {
        static POOL: OnceLock<Pool> = OnceLock::new();
        POOL.get_or_init(|| Self::new(rayon::current_num_threads().saturating_sub(1)))
    }

    fn new(wanted: usize) -> Self {
        let board = Arc::new(Board::default());
        let mut workers = 0;
        for number in 0..wanted {
            let board = board.clone();
            let worker = std::thread::Builder::new()
                .name(format!("spat-cpu-{number}"))
                .spawn(move || help(&board));
            // If the system refuses more threads, the pool uses those already started.
            workers += usize::from(worker.is_ok());
        }
        Self {
            workers,
            board,
            taken: Mutex::new(()),
        }
    }

    /// Number of threads that work on a task, including the caller.
    pub(crate) fn threads(&self) -> usize {
        self.workers + 1
    }

    /// Calls `piece` for all numbers below `pieces`, on all threads; on the calling thread alone if the
    /// pool is busy with another task, which includes nested calls.
    pub(crate) fn run(&self, pieces: usize, piece: &(dyn Fn(usize) + Sync)) {
        let taken = match self.taken.try_lock() {
            Ok(taken) if self.workers > 0 && pieces > 1 => taken,
            // The lock may be poisoned by a panic in a piece on the caller's thread; it guards no data.
            Err(TryLockError::Poisoned(taken)) if self.workers > 0 && pieces > 1 => {
                taken.into_inner()
            }
            _ => return (0..pieces).for_each(piece),
        };
        #[allow(unsafe_code)]
        // SAFETY: only threads that work on the task call `piece`, and dropping `Posted` waits until none
        // does, before this function returns or unwinds.
        let piece = unsafe {
            std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(piece)
        };
        let task = Arc::new(Task {
            piece,
            pieces,
            next: AtomicUsize::new(0),
            workers: AtomicUsize::new(0),
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

/// A posted task; dropping it waits until no worker is active on it.
struct Posted<'a> {
    board: &'a Board,
    task: Arc<Task>,
}

impl<'a> Posted<'a> {
    fn new(board: &'a Board, task: Arc<Task>) -> Self {
        *lock(&board.task) = Some(task.clone());
        board.posted.fetch_add(1, Ordering::SeqCst);
        if board.sleeping.load(Ordering::SeqCst) > 0 {
            // Taking the lock guarantees that each worker either sleeps already or sees the task.
            drop(lock(&board.task));
            board.wake.notify_all();
        }
        Self { board, task }
    }
}

impl Drop for Posted<'_> {
    fn drop(&mut self) {
        // From here on no worker joins.
        *lock(&self.board.task) = None;
        // After a panic of the caller's piece, no further piece is started.
        self.task.next.store(self.task.pieces, Ordering::Relaxed);
        let mut looks = 0_usize;
        while self.task.workers.load(Ordering::Acquire) > 0 {
            pause(&mut looks);
        }
    }
}

/// Main loop of a worker.
fn help(board: &Board) {
    let mut seen = 0;
    loop {
        await_post(board, &mut seen);
        let task = lock(&board.task).as_ref().map(|task| {
            task.workers.fetch_add(1, Ordering::AcqRel);
            task.clone()
        });
        if let Some(task) = task {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| task.work())) {
                task.next.store(task.pieces, Ordering::Relaxed);
                *lock(&task.panic) = Some(panic);
            }
            task.workers.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Waits for a task newer than `seen`: spins at first, then sleeps.
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
        if looks.is_multiple_of(SPINS_PER_CLOCK_READ) && started.elapsed() > SPIN_TIME {
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

/// Spins once; now and then yields the CPU to another thread.
fn pause(looks: &mut usize) {
    *looks += 1;
    if looks.is_multiple_of(SPINS_PER_CLOCK_READ) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

/// Locks, ignoring poisoning: no guarded data can be left inconsistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_runs_once_for_every_caller() {
        let pool = Pool::new(3);
        for round in 0..2_000 {
            let pieces = round % 37;
            let done: Vec<AtomicUsize> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
            pool.run(pieces, &|number| {
                done[number].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1));
            if round % 500 == 0 {
                // Long enough for the workers to sleep.
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }

    #[test]
    fn nested_and_concurrent_tasks_complete() {
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
    fn a_panic_propagates_to_the_caller_and_the_pool_stays_usable() {
        let pool = Pool::new(2);
        for guilty in 0..64 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.run(64, &|number| assert_ne!(number, guilty));
            }));
            assert!(result.is_err());
        }
        // Both threads still work: each piece waits for the other.
        let both = std::sync::Barrier::new(2);
        pool.run(2, &|_| {
            both.wait();
        });
    }
}
