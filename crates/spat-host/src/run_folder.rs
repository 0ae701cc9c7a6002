//! The folder of a run: exclusive access and its name.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use spat_engine::RunStore as _;
use spat_engine::platform::FolderStore;
use spat_engine::session::TABLE;
use spat_spec::{Experiment, sha256};

use crate::error::RunFolderError;
use crate::run_file::{RUN_FILE, RunFile};

pub(crate) const EXPERIMENT: &str = "experiment.json";
pub(crate) const REPORT: &str = "report.json";
const LOCK_FILE: &str = "run.lock";
const CHECKPOINT: &str = "checkpoint";

/// A run folder that is locked by this process.
#[derive(Debug)]
pub struct RunFolder {
    /// The run's files.
    pub store: FolderStore,
    /// Held for its lock, which the system releases when the process ends.
    _lock: Option<File>,
}

impl RunFolder {
    /// Creates a run, with everything needed to resume it, should it be killed at once. A `table` without a
    /// file elsewhere is stored in the folder.
    ///
    /// # Errors
    /// The folder holds a run or other files, or cannot be created.
    pub fn create(
        path: &Path,
        file: &RunFile,
        experiment: &Experiment,
        table: Option<&[u8]>,
    ) -> Result<Self, RunFolderError> {
        refuse_a_run(path)?;
        let (mut store, lock) = if is_incomplete(path) {
            let lock = lock(path)?;
            // Another process may have written files before it released the lock.
            refuse_a_run(path)?;
            clear_incomplete(path);
            (FolderStore::make(path)?, lock)
        } else {
            let store = FolderStore::create(path)?;
            (store, lock(path)?)
        };
        let text = json(file, &path.join(RUN_FILE))?;
        let whole = json(experiment, &path.join(EXPERIMENT))?;
        // `experiment.json` is written last and marks the folder as resumable.
        pollster::block_on(async {
            store.write(RUN_FILE, &text).await?;
            if let Some(table) = table {
                store.write(TABLE, table).await?;
            }
            store.write(EXPERIMENT, &whole).await
        })?;
        Ok(Self { store, _lock: lock })
    }

    /// Opens an existing run.
    ///
    /// # Errors
    /// The folder holds none, or another process uses it.
    pub fn open(path: &Path) -> Result<Self, RunFolderError> {
        let store = FolderStore::open(path)?;
        Ok(Self {
            store,
            _lock: lock(path)?,
        })
    }
}

/// `DATA-MODEL-HASH`, from a table's file name, a model's name and an experiment's hash.
pub fn folder_name(data: &str, model: &str, hash: &str) -> String {
    let stem = Path::new(data)
        .file_stem()
        .map_or_else(|| data.into(), |stem| stem.to_string_lossy());
    let stem: String = stem
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    let short: String = hash.chars().take(8).collect();
    format!("{}-{model}-{short}", stem.trim_start_matches(['.', '-']))
}

fn json(value: &impl serde::Serialize, path: &Path) -> Result<Vec<u8>, RunFolderError> {
    serde_json::to_vec_pretty(value).map_err(|error| RunFolderError::System {
        what: "write",
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn refuse_a_run(path: &Path) -> Result<(), RunFolderError> {
    if !path.join(EXPERIMENT).is_file() {
        return Ok(());
    }
    Err(if path.join(REPORT).is_file() {
        RunFolderError::Finished(path.to_owned())
    } else {
        RunFolderError::Unfinished(path.to_owned())
    })
}

/// Whether the folder only has files of a process that was killed before it wrote the experiment, or has not
/// written it yet: nothing to keep, and no files of other programs.
fn is_incomplete(path: &Path) -> bool {
    let names = names(path);
    let ours = |name: &std::ffi::OsString| {
        [
            RUN_FILE,
            "run.json.part",
            "experiment.json.part",
            LOCK_FILE,
            "table.csv.part",
            CHECKPOINT,
        ]
        .iter()
        .any(|known| name == *known)
            || (name == TABLE && is_our_copy(path))
    };
    // Without run.json or the lock the `checkpoint` folder may belong to another program.
    let begun = names
        .iter()
        .any(|name| name == RUN_FILE || name == LOCK_FILE);
    // Copies of a folder may lack the empty one.
    let nothing_done =
        fs::read_dir(path.join(CHECKPOINT)).map_or(true, |mut it| it.next().is_none());
    begun && nothing_done && names.iter().all(ours)
}

/// Removes everything except the lock file, which is held.
fn clear_incomplete(path: &Path) {
    for name in names(path).iter().filter(|name| *name != LOCK_FILE) {
        fs::remove_file(path.join(name)).ok();
    }
}

fn names(path: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(path).into_iter().flatten();
    entries.flatten().map(|entry| entry.file_name()).collect()
}

/// Whether the folder's table is the run's own copy.
fn is_our_copy(path: &Path) -> bool {
    let file = RunFile::read(path);
    let table = fs::read(path.join(TABLE));
    file.is_ok_and(|file| table.is_ok_and(|table| sha256(&table) == file.sha256))
}

/// Locks a folder against other processes for the lifetime of the file.
///
/// # Errors
/// [`RunFolderError::Busy`] if another process holds the lock; otherwise the folder is not writable.
pub fn lock(path: &Path) -> Result<Option<File>, RunFolderError> {
    let name = path.join(LOCK_FILE);
    let file = File::create(&name).map_err(|error| RunFolderError::System {
        what: "write",
        path: name,
        reason: error.to_string(),
    })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(RunFolderError::Busy(path.to_owned())),
        // Some file systems have no locks; the run then proceeds without one.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::Window;

    use super::*;
    use crate::run_file::Origin;

    #[test]
    fn files_of_a_killed_process_are_replaced_and_those_of_a_living_one_are_not() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        let file = RunFile::new(Origin::Demo, String::new(), String::new(), None, "cpu");
        fs::create_dir_all(path.join(CHECKPOINT)).unwrap();
        fs::write(path.join(RUN_FILE), json(&file, &path).unwrap()).unwrap();
        let experiment = experiment();
        let create = || RunFolder::create(&path, &file, &experiment, None);

        let beginning = lock(&path).unwrap();
        assert!(matches!(create(), Err(RunFolderError::Busy(_))));
        assert!(path.join(RUN_FILE).is_file() && path.join(CHECKPOINT).is_dir());
        drop(beginning);

        let made = create().unwrap();
        assert!(matches!(create(), Err(RunFolderError::Unfinished(_))));
        drop(made);
        assert!(path.join(EXPERIMENT).is_file());

        let other = root.path().join("other");
        fs::create_dir_all(other.join(CHECKPOINT)).unwrap();
        fs::write(other.join(LOCK_FILE), "").unwrap();
        fs::write(other.join("thesis.txt"), "mine").unwrap();
        assert!(RunFolder::create(&other, &file, &experiment, None).is_err());
        assert!(other.join("thesis.txt").is_file());
    }

    fn experiment() -> Experiment {
        spat_testing::experiment(spat_testing::itransformer(Window::new(24, 12, 3), 2, false))
    }

    #[test]
    fn folders_are_named_after_data_and_model() {
        let name = |data| folder_name(data, "dlinear", "0123456789abcdef");
        assert_eq!(name("my load.csv"), "my-load-dlinear-01234567");
        assert_eq!(name(".hidden"), "hidden-dlinear-01234567");
        assert_eq!(name("-rf.csv"), "rf-dlinear-01234567");
    }
}
