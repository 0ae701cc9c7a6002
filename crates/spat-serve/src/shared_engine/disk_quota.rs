//! Disk space that all visitors share: their stored runs, and the tables that are being uploaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a measurement is valid, so that many simultaneous uploads cause one.
const CACHE_TTL: Duration = Duration::from_secs(5);

/// Limit on the size of a folder, with uploads outside it.
#[derive(Debug)]
pub(crate) struct DiskQuota {
    folder: PathBuf,
    limit: u64,
    measured: Mutex<Option<(Instant, u64)>>,
    /// Bytes of the uploads that exist.
    uploading: AtomicU64,
    /// Bytes of the uploads that ended since the last measurement; they may be in the folder now.
    uploaded: AtomicU64,
}

impl DiskQuota {
    /// A limit of `limit` bytes in `folder`.
    pub(crate) fn new(folder: PathBuf, limit: u64) -> Self {
        Self {
            folder,
            limit,
            measured: Mutex::default(),
            uploading: AtomicU64::new(0),
            uploaded: AtomicU64::new(0),
        }
    }

    /// Counts bytes of an upload.
    pub(crate) fn add_upload(&self, bytes: u64) {
        self.uploading.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Uncounts an upload of this size that was rejected.
    pub(crate) fn cancel_upload(&self, bytes: u64) {
        self.uploading.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts the end of an upload of this size.
    pub(crate) fn end_upload(&self, bytes: u64) {
        self.uploaded.fetch_add(bytes, Ordering::Relaxed);
        self.uploading.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether the folder has reached the limit. Runs that exist may still grow.
    pub(crate) fn is_full(&self) -> bool {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match *measured {
            Some((at, bytes)) if at.elapsed() < CACHE_TTL => bytes,
            _ => {
                self.uploaded.store(0, Ordering::Relaxed);
                let bytes = folder_size(&self.folder);
                *measured = Some((Instant::now(), bytes));
                bytes
            }
        };
        let uploads =
            self.uploading.load(Ordering::Relaxed) + self.uploaded.load(Ordering::Relaxed);
        bytes.saturating_add(uploads) >= self.limit
    }

    /// Discards the last measurement, because files were deleted.
    pub(crate) fn invalidate(&self) {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Size of all files in a folder. Files that are deleted meanwhile count as empty.
fn folder_size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => folder_size(&entry.path()),
            Ok(facts) => facts.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_count_until_they_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("visitor/run/checkpoint");
        fs::create_dir_all(&deep).unwrap();
        fs::write(folder.path().join("a"), [0; 60]).unwrap();
        let quota = DiskQuota::new(folder.path().to_owned(), 100);
        assert!(!quota.is_full());
        fs::write(deep.join("b"), [0; 40]).unwrap();
        assert!(!quota.is_full(), "the last measurement is still valid");
        quota.invalidate();
        assert!(quota.is_full());
        fs::remove_file(deep.join("b")).unwrap();
        quota.invalidate();
        assert!(!quota.is_full());
        quota.add_upload(40);
        assert!(quota.is_full(), "uploads count at once");
        quota.end_upload(40);
        assert!(quota.is_full(), "the upload may be a run now");
        quota.invalidate();
        assert!(!quota.is_full());
    }
}
