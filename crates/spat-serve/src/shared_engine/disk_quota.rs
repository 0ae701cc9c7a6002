//! Disk space that all visitors share.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a measurement is valid, so that many simultaneous uploads cause one.
const CACHE_TTL: Duration = Duration::from_secs(5);

/// Limit on the size of a folder.
pub(crate) struct DiskQuota {
    folder: PathBuf,
    limit: u64,
    measured: Mutex<Option<(Instant, u64)>>,
}

impl DiskQuota {
    /// A limit of `limit` bytes in `folder`.
    pub(crate) fn new(folder: PathBuf, limit: u64) -> Self {
        Self {
            folder,
            limit,
            measured: Mutex::default(),
        }
    }

    /// Whether the folder has reached the limit. Runs that exist may still grow.
    pub(crate) fn is_full(&self) -> bool {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match *measured {
            Some((at, bytes)) if at.elapsed() < CACHE_TTL => bytes,
            _ => {
                let bytes = folder_size(&self.folder);
                *measured = Some((Instant::now(), bytes));
                bytes
            }
        };
        bytes >= self.limit
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
    }
}
