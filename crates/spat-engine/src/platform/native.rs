//! Files, threads and timers of a native program.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use crate::store::{RunStore, StoreError};

/// Whether a thread may wait for a device.
pub const MAY_BLOCK: bool = true;

/// Message if no GPU was found.
pub const NO_GPU: &str = "this machine has no GPU that Vulkan, Metal or DX12 can reach";

/// A run in a folder.
#[derive(Debug, Clone)]
pub struct FolderStore {
    folder: PathBuf,
}

impl FolderStore {
    /// Creates a run.
    ///
    /// # Errors
    /// The folder already holds a run, or cannot be created.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        let occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            return Err(StoreError::Exists(folder.display().to_string()));
        }
        Self::make(folder)
    }

    /// Creates a run in a folder that the caller has checked to be free.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn make(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder.join("checkpoint"))
            .map_err(|error| failed("create the folder", folder, &error))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Opens an existing run.
    ///
    /// # Errors
    /// The folder holds no run.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        if folder.join("experiment.json").is_file() {
            return Ok(Self {
                folder: folder.to_owned(),
            });
        }
        Err(StoreError::NoRun(folder.display().to_string()))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl RunStore for FolderStore {
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        let temporary = self.folder.join(format!("{name}.part"));
        let mut written = replace(&path, &temporary, bytes);
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::NotFound
            && let Some(folder) = path.parent()
            && folder != self.folder
            && fs::create_dir(folder).is_ok()
        {
            // Copies of a run may lack its empty folder. Only that one is created, not a deleted run's.
            written = replace(&path, &temporary, bytes);
        }
        written.map_err(|error| {
            // The old file is intact; only the partial one is removed.
            fs::remove_file(&temporary).ok();
            failed("write", &path, &error)
        })
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, &error)),
        }
    }

    async fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &path, &error))
            }
            _ => Ok(()),
        }
    }
}

/// Writes or replaces a file atomically as [`FolderStore`] does, for files outside a run. Several processes, on
/// several machines, may write the same file.
///
/// # Errors
/// The disk is full, or the folder cannot be written to.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(unique_suffix());
    let temporary = PathBuf::from(temporary);
    replace(path, &temporary, bytes).or_else(|error| {
        fs::remove_file(&temporary).ok();
        // Some systems refuse to replace a file that another process has just written or opened.
        if fs::read(path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        Err(failed("write", path, &error))
    })
}

/// The end of a temporary name that no other process uses. Process numbers repeat on other machines and in
/// containers, so it contains a random number, which the standard library draws for its hash maps.
fn unique_suffix() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(".{:016x}-{}-{number}.part", *PROCESS, std::process::id())
}

/// A thread that computes. Its stack fits the recursion of a backward pass through many layers.
pub fn engine_thread(name: &str) -> thread::Builder {
    const STACK: usize = 64 << 20;
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
}

/// Calls `work` on `workers` threads at once.
///
/// # Errors
/// The system refuses to start a thread.
pub fn run_on_threads(workers: usize, work: &(dyn Fn() + Sync)) -> io::Result<()> {
    thread::scope(|scope| {
        for _ in 0..workers.max(1) {
            engine_thread("worker").spawn_scoped(scope, work)?;
        }
        Ok(())
    })
}

/// Writes to a temporary file, flushes it to disk and renames it: a reader sees the old file or the new
/// one, even if the process is killed in between.
fn replace(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(temporary, path)?;
    // Makes the rename itself durable; not every system allows opening a folder.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        folder.sync_all().ok();
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: &io::Error) -> StoreError {
    let path = path.display().to_string();
    if error.kind() == io::ErrorKind::StorageFull {
        return StoreError::Full { path };
    }
    StoreError::Failed {
        what: what.to_owned(),
        path,
        reason: error.to_string(),
    }
}

/// Yields to other tasks of the thread, in an engine that serves several clients.
pub async fn yield_now() {
    let mut asked = false;
    std::future::poll_fn(|context| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Sleeps.
pub async fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

/// The processor's name, as reported by the system.
pub fn cpu_name() -> String {
    fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines()
                .find(|line| line.starts_with("model name"))
                .and_then(|line| line.split(':').nth(1))
                .map(|name| name.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// What determines the last digits of results on the CPU, for a comparison.
pub fn arithmetic() -> String {
    let rounding = if spat_cpu::has_fused_operations() {
        "fused multiply-add"
    } else {
        "128-bit vectors"
    };
    format!("{} with {rounding}", std::env::consts::ARCH)
}

/// Available memory in bytes, if the system reports it.
pub fn free_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Number of threads of the CPU backend: `RAYON_NUM_THREADS`, or all that the system offers.
pub fn threads() -> usize {
    std::env::var("RAYON_NUM_THREADS")
        .ok()
        .and_then(|value| value.parse().ok())
        .filter(|&threads| threads > 0)
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_of_the_same_file_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        let bytes = vec![7; 1 << 16];
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        write_atomically(&path, &bytes).unwrap();
                        assert_eq!(fs::read(&path).unwrap(), bytes);
                    }
                });
            }
        });
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "a temporary file is left"
        );
    }

    #[test]
    fn a_run_without_its_checkpoint_folder_is_written_to_and_a_deleted_run_is_not() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        let mut store = FolderStore::create(&path).unwrap();
        fs::remove_dir(path.join("checkpoint")).unwrap();
        pollster::block_on(store.write("checkpoint/a", b"1")).unwrap();
        let read = pollster::block_on(store.read("checkpoint/a")).unwrap();
        assert_eq!(read.as_deref(), Some(&b"1"[..]));

        fs::remove_dir_all(&path).unwrap();
        for name in ["checkpoint/a", "plan.json"] {
            pollster::block_on(store.write(name, b"1")).unwrap_err();
            assert!(!path.exists());
        }
    }
}
