//! How much of the disk the visitors have taken together.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a measurement holds: a class that starts at once asks for one, not for fifty.
const HOLDS: Duration = Duration::from_secs(5);

/// The disk's share of the visitors.
pub(crate) struct Space {
    folder: PathBuf,
    most: u64,
    measured: Mutex<Option<(Instant, u64)>>,
}

impl Space {
    /// At most `most` bytes in `folder`.
    pub(crate) fn new(folder: PathBuf, most: u64) -> Self {
        Self {
            folder,
            most,
            measured: Mutex::default(),
        }
    }

    /// Whether nothing new fits. What is begun may still grow a little.
    pub(crate) fn is_full(&self) -> bool {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match *measured {
            Some((at, bytes)) if at.elapsed() < HOLDS => bytes,
            _ => {
                let bytes = bytes_in(&self.folder);
                *measured = Some((Instant::now(), bytes));
                bytes
            }
        };
        bytes >= self.most
    }

    /// Something was removed: the next question is answered anew.
    pub(crate) fn measure_again(&self) {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The sizes of all files in a folder. What goes in the meantime counts nothing.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => bytes_in(&entry.path()),
            Ok(facts) => facts.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_count_and_what_goes_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("visitor/run/checkpoint");
        fs::create_dir_all(&deep).unwrap();
        fs::write(folder.path().join("a"), [0; 60]).unwrap();
        let space = Space::new(folder.path().to_owned(), 100);
        assert!(!space.is_full());
        fs::write(deep.join("b"), [0; 40]).unwrap();
        assert!(!space.is_full(), "measured a moment ago");
        space.measure_again();
        assert!(space.is_full());
        fs::remove_file(deep.join("b")).unwrap();
        space.measure_again();
        assert!(!space.is_full());
    }
}
