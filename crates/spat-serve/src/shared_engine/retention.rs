//! Removal of runs that were not used for long.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use spat_host::RunFolder;

/// Removes the runs in all visitors' folders whose files were last changed before `age`, and visitors'
/// folders that are empty then. Runs in use are kept. Returns the number of removed runs.
pub(super) fn remove_older(visitors: &Path, age: Duration, now: SystemTime) -> usize {
    let mut removed = 0;
    for visitor in folders(visitors) {
        for run in folders(&visitor) {
            let unused = last_change(&run)
                .and_then(|time| now.duration_since(time).ok())
                .is_some_and(|unused| unused > age);
            // Opening takes the lock of the run, if no other has it.
            if unused && RunFolder::open(&run).is_ok() && fs::remove_dir_all(&run).is_ok() {
                removed += 1;
            }
        }
        // Fails if it is not empty.
        fs::remove_dir(&visitor).ok();
    }
    removed
}

/// Folders in a folder, without symbolic links.
fn folders(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The latest change of a run's files.
fn last_change(run: &Path) -> Option<SystemTime> {
    [run.to_owned(), run.join("checkpoint")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .filter_map(|entry| entry.metadata().ok()?.modified().ok())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_runs_are_removed() {
        let visitors = tempfile::tempdir().unwrap();
        let run = |name: &str| {
            let run = visitors.path().join(name);
            fs::create_dir_all(run.join("checkpoint")).unwrap();
            fs::write(run.join("experiment.json"), "{}").unwrap();
            run
        };
        let (old, used) = (run("a/old"), run("b/used"));
        let day = Duration::from_secs(24 * 3600);
        let later = SystemTime::now() + 10 * day;
        assert_eq!(remove_older(visitors.path(), 11 * day, later), 0);
        let lock = RunFolder::open(&used).unwrap();
        assert_eq!(remove_older(visitors.path(), 9 * day, later), 1);
        assert!(!old.exists() && !visitors.path().join("a").exists());
        assert!(used.exists(), "it is in use");
        drop(lock);
        assert_eq!(remove_older(visitors.path(), 9 * day, later), 1);
        assert!(fs::read_dir(visitors.path()).unwrap().next().is_none());
    }
}
