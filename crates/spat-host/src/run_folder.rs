//! The folder of a run: who works in it, and what it may be called.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use spat_engine::RunStore as _;
use spat_engine::desk::TABLE;
use spat_engine::platform::FolderStore;
use spat_spec::Experiment;

use crate::error::RunFolderError;
use crate::run_file::{RUN_FILE, RunFile, sha256};

pub(crate) const EXPERIMENT: &str = "experiment.json";
pub(crate) const REPORT: &str = "report.json";
const LOCK_FILE: &str = "run.lock";

/// A folder that this process works in and no other does.
#[derive(Debug)]
pub struct RunFolder {
    /// The run's files.
    pub store: FolderStore,
    /// Held, not read: the system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl RunFolder {
    /// A new run, with what is needed to go on with it should it be killed at once; a `table` that
    /// lies nowhere else comes into the folder too.
    ///
    /// # Errors
    /// The folder holds a run or other files, or cannot be made.
    pub fn create(
        path: &Path,
        file: &RunFile,
        experiment: &Experiment,
        table: Option<&[u8]>,
    ) -> Result<Self, RunFolderError> {
        refuse_a_run(path)?;
        clear_stillborn(path);
        let mut store = FolderStore::create(path)?;
        let lock = lock(path)?;
        let text = json(file, &path.join(RUN_FILE))?;
        let whole = json(experiment, &path.join(EXPERIMENT))?;
        // `experiment.json` last: a folder that has it can go on.
        pollster::block_on(async {
            store.write(RUN_FILE, &text).await?;
            if let Some(table) = table {
                store.write(TABLE, table).await?;
            }
            store.write(EXPERIMENT, &whole).await
        })?;
        Ok(Self { store, _lock: lock })
    }

    /// A run that was begun before.
    ///
    /// # Errors
    /// The folder holds none, or another process works in it.
    pub fn open(path: &Path) -> Result<Self, RunFolderError> {
        let store = FolderStore::open(path)?;
        Ok(Self {
            store,
            _lock: lock(path)?,
        })
    }
}

/// `<data>-<model>-<hash>`, from a table's file name, a model's name and an experiment's hash.
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
    format!("{}-{model}-{short}", stem.trim_start_matches('.'))
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

/// Removes what a process left that was killed before it had written the experiment: nothing of
/// value, and no other program's files.
fn clear_stillborn(path: &Path) {
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    let ours = |name: &std::ffi::OsString| {
        [
            RUN_FILE,
            "run.json.part",
            "experiment.json.part",
            LOCK_FILE,
            "table.csv.part",
            "checkpoint",
        ]
        .iter()
        .any(|known| name == *known)
            || (name == TABLE && is_our_copy(path))
    };
    // Without run.json or the lock it may be anybody's folder with a `checkpoint` in it.
    let begun = names
        .iter()
        .any(|name| name == RUN_FILE || name == LOCK_FILE);
    if !begun || !names.iter().all(ours) || fs::remove_dir(path.join("checkpoint")).is_err() {
        return;
    }
    for name in names {
        fs::remove_file(path.join(name)).ok();
    }
}

/// Whether the folder's table is the copy that was made for the run.
fn is_our_copy(path: &Path) -> bool {
    let file = RunFile::read(path);
    let table = fs::read(path.join(TABLE));
    file.is_ok_and(|file| table.is_ok_and(|table| sha256(&table) == file.sha256))
}

/// Keeps other processes out of a folder for as long as the file lives.
///
/// # Errors
/// [`RunFolderError::Busy`] if another process has it, or the folder cannot be written.
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
        // Some file systems have no locks; a run is no worse without one.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_data_and_model() {
        let name = |data| folder_name(data, "dlinear", "0123456789abcdef");
        assert_eq!(name("my load.csv"), "my-load-dlinear-01234567");
        assert_eq!(name(".hidden"), "hidden-dlinear-01234567");
    }
}
