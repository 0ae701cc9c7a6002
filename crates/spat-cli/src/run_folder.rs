//! Run folders: names, locks, and errors with commands that help.

use std::fs::File;
use std::path::{Path, PathBuf};

use spat_engine::platform::FolderStore;
use spat_host::{RunFile, RunFolder, RunFolderError, folder_name};
use spat_spec::{Experiment, Report};

use crate::command_line;
use crate::failure::input;

/// A new run.
pub(crate) fn create(
    path: &Path,
    file: &RunFile,
    experiment: &Experiment,
) -> anyhow::Result<RunFolder> {
    RunFolder::create(path, file, experiment, None).map_err(explained)
}

/// A run that exists.
pub(crate) fn open(path: &Path) -> anyhow::Result<RunFolder> {
    RunFolder::open(path).map_err(explained)
}

/// Locks a folder for other processes until the file is dropped.
pub(crate) fn lock(path: &Path) -> anyhow::Result<Option<File>> {
    spat_host::lock(path).map_err(explained)
}

/// Adds the flags that help.
fn explained(error: RunFolderError) -> anyhow::Error {
    let what = match &error {
        RunFolderError::Finished(path) => (path, "; show its report with"),
        RunFolderError::Unfinished(path) => (path, "; resume it with"),
        RunFolderError::Busy(path) => {
            return input(format!(
                "another process uses `{}`; wait for it, or give another folder with --run",
                path.display()
            ));
        }
        _ => return error.into(),
    };
    let (path, way) = what;
    input(format!(
        "{error}{way}: {}\nfor a new run give another folder with --run",
        command_line::resume(path)
    ))
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

/// `runs/DATA-MODEL-HASH`.
pub(crate) fn default_folder(data: &str, model: &str, hash: &str) -> PathBuf {
    Path::new("runs").join(folder_name(data, model, hash))
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
