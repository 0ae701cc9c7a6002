//! The folder of a run: its name, who works in it, and what is needed to go on.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use spat_engine::RunStore as _;
use spat_engine::platform::FolderStore;
use spat_spec::{Experiment, Report};

use crate::command_line;
use crate::failure::input;

/// The version of `run.json`.
const FORMAT: u32 = 1;

const RUN_FILE: &str = "run.json";
const LOCK_FILE: &str = "run.lock";

/// What the experiment does not say: where its table is, and how the run was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunFile {
    /// Always [`FORMAT`].
    pub(crate) format: u32,
    /// Where the table is.
    pub(crate) data: Origin,
    /// SHA-256 of the table: a run goes on with the same bytes only.
    pub(crate) sha256: String,
    /// The command that makes the report again, without seed, threads and device.
    pub(crate) command: String,
    /// Threads that were asked for.
    pub(crate) threads: Option<usize>,
    /// `cpu` or `gpu`.
    pub(crate) device: String,
}

/// Where a run's table comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// A file, by its absolute path.
    File(PathBuf),
    /// The table in the program.
    Demo,
}

impl RunFile {
    /// Facts about a run that begins now.
    pub(crate) fn new(
        data: Origin,
        sha256: String,
        command: String,
        threads: Option<usize>,
        device: &str,
    ) -> Self {
        Self {
            format: FORMAT,
            data,
            sha256,
            command,
            threads,
            device: device.to_owned(),
        }
    }

    /// What `folder` says.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(RUN_FILE);
        let text = fs::read(&path).map_err(|error| {
            input(format!(
                "`{}` holds no run that can go on: cannot read `{RUN_FILE}`: {error}",
                folder.display()
            ))
        })?;
        let file: Self = serde_json::from_slice(&text).map_err(|error| {
            input(format!(
                "`{}` is damaged: {error}; start the run anew",
                path.display()
            ))
        })?;
        if file.format != FORMAT {
            return Err(input(format!(
                "`{}` has format {}, this program reads {FORMAT}: use the version that wrote it",
                path.display(),
                file.format
            )));
        }
        Ok(file)
    }

    /// The whole command.
    pub(crate) fn command(&self, seed: u64) -> String {
        format!(
            "{} {}",
            self.command,
            command_line::tail(seed, self.threads, &self.device)
        )
    }
}

/// A folder that this process works in and no other does.
#[derive(Debug)]
pub(crate) struct RunFolder {
    pub(crate) store: FolderStore,
    /// Held, not read: the system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl RunFolder {
    /// A new run, with what is needed to go on with it should it be killed at once.
    pub(crate) fn create(
        path: &Path,
        file: &RunFile,
        experiment: &Experiment,
    ) -> anyhow::Result<Self> {
        refuse_a_run(path)?;
        clear_stillborn(path);
        let mut store = FolderStore::create(path)?;
        let lock = lock(path)?;
        let text = serde_json::to_vec_pretty(file).context("cannot write run.json")?;
        let whole =
            serde_json::to_vec_pretty(experiment).context("cannot write experiment.json")?;
        // `experiment.json` last: a folder that has it can go on.
        pollster::block_on(async {
            store.write(RUN_FILE, &text).await?;
            store.write("experiment.json", &whole).await
        })?;
        Ok(Self { store, _lock: lock })
    }

    /// A run that was begun before.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let store = FolderStore::open(path)?;
        Ok(Self {
            store,
            _lock: lock(path)?,
        })
    }
}

/// The experiment of a run.
pub(crate) fn experiment(folder: &Path) -> anyhow::Result<Experiment> {
    FolderStore::open(folder)?;
    read_experiment(&folder.join("experiment.json"))
}

/// An experiment from a file.
pub(crate) fn read_experiment(path: &Path) -> anyhow::Result<Experiment> {
    let bytes = crate::table::read_file(path)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        input(format!(
            "`{}` is no experiment of this program: {error}",
            path.display()
        ))
    })
}

/// The report of a run that has ended.
pub(crate) fn report(folder: &Path) -> anyhow::Result<Option<Report>> {
    let path = folder.join("report.json");
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = crate::table::read_file(&path)?;
    let report = serde_json::from_slice(&bytes)
        .map_err(|error| input(format!("`{}` is damaged: {error}", path.display())))?;
    Ok(Some(report))
}

/// `runs/<data>-<model>-<hash>`.
pub(crate) fn default_folder(data: &str, model: &str, hash: &str) -> PathBuf {
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
    Path::new("runs").join(format!("{}-{model}-{short}", stem.trim_start_matches('.')))
}

/// The first of `runs/demo`, `runs/demo-2`, … that is free.
pub(crate) fn numbered(name: &str) -> PathBuf {
    let runs = Path::new("runs");
    let first = runs.join(name);
    let names =
        std::iter::once(first).chain((2..).map(|number| runs.join(format!("{name}-{number}"))));
    names
        .into_iter()
        .find(|path| !path.exists())
        .unwrap_or_else(|| runs.join(name))
}

/// Says what the folder holds and what to do about it.
fn refuse_a_run(path: &Path) -> anyhow::Result<()> {
    if !path.join("experiment.json").is_file() {
        return Ok(());
    }
    let what = if path.join("report.json").is_file() {
        "a finished run; its report is shown by"
    } else {
        "a run that has not ended; go on with it by"
    };
    Err(input(format!(
        "the run folder `{}` holds {what}: {}\nfor a new run name another folder with --run",
        path.display(),
        command_line::resume(path)
    )))
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
            "checkpoint",
        ]
        .iter()
        .any(|known| name == *known)
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

/// Keeps other processes out of a folder for as long as the file lives.
pub(crate) fn lock(path: &Path) -> anyhow::Result<Option<File>> {
    let file = path.join(LOCK_FILE);
    let file = File::create(&file).with_context(|| format!("cannot write `{}`", file.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(input(format!(
            "another process works on `{}`; wait for it, or name another folder with --run",
            path.display()
        ))),
        // Some file systems have no locks; a run is no worse without one.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_data_and_model() {
        let name = |data| {
            default_folder(data, "dlinear", "0123456789abcdef")
                .display()
                .to_string()
        };
        assert_eq!(name("my load.csv"), "runs/my-load-dlinear-01234567");
        assert_eq!(name(".hidden"), "runs/hidden-dlinear-01234567");
    }
}
