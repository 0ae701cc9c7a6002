//! The folder with everybody's runs: each a folder that the command line goes on with too.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use spat_engine::RunStore;
use spat_engine::StoreError;
use spat_engine::session::{NewRun, RunStorage, RunStorageError, StoredRun, TABLE};
use spat_spec::{DeviceFacts, Experiment, RunSummary};

use crate::error::RunFolderError;
use crate::history;
use crate::names::{file_name, is_run_name};
use crate::run_file::{Origin, RunFile, sha256};
use crate::run_folder::{EXPERIMENT, RunFolder};

/// Runs on disk. A copy is a handle on the same folder.
#[derive(Debug, Clone)]
pub struct RunsFolder {
    root: PathBuf,
    maker: &'static str,
    demo: Option<&'static [u8]>,
}

impl From<RunFolderError> for RunStorageError {
    fn from(error: RunFolderError) -> Self {
        Self(error.to_string())
    }
}

impl RunsFolder {
    /// The runs in `root`, which need not exist yet. Reports say that `maker` began them. `demo` is the
    /// table of the program's own demonstration, whose runs have none of their own.
    pub fn new(root: PathBuf, maker: &'static str, demo: Option<&'static [u8]>) -> Self {
        Self { root, maker, demo }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of a run; `None` if it is not there. `table.csv` is found wherever the table lies.
    ///
    /// # Errors
    /// The names are no names of ours, or the disk fails.
    pub fn read(&self, run: &str, name: &str) -> Result<Option<Vec<u8>>, RunStorageError> {
        let folder = self.folder(run)?;
        let path = folder.join(file_name(name)?);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("read", &path, &error)),
            Err(_) if name == TABLE => self.table(&folder).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// A file that lies in a run's folder, opened; `None` if it is not there.
    ///
    /// # Errors
    /// The names are no names of ours, or the disk fails.
    pub fn file(&self, run: &str, name: &str) -> Result<Option<File>, RunStorageError> {
        let path = self.folder(run)?.join(file_name(name)?);
        match File::open(&path) {
            // A folder opens as well where the system lets it.
            Ok(file) => Ok(file
                .metadata()
                .is_ok_and(|facts| facts.is_file())
                .then_some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, &error)),
        }
    }

    /// Names of a run's files.
    ///
    /// # Errors
    /// The name is no name of ours, or the disk fails.
    pub fn names(&self, run: &str) -> Result<Vec<String>, RunStorageError> {
        let folder = self.folder(run)?;
        let mut names = Vec::new();
        for (inside, before) in [
            (folder.clone(), ""),
            (folder.join("checkpoint"), "checkpoint/"),
        ] {
            for entry in fs::read_dir(&inside).map_err(|error| failed("list", &inside, &error))? {
                let entry = entry.map_err(|error| failed("list", &inside, &error))?;
                if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    names.push(format!("{before}{}", entry.file_name().to_string_lossy()));
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// Every run in the folder, whoever made it, the newest first.
    pub fn summaries(&self) -> Vec<(String, RunSummary)> {
        history::summaries(&self.root)
    }

    /// Writes a run's card, if the run is there; one that is only asked for has no folder yet.
    ///
    /// # Errors
    /// The name is no name of ours, or the disk fails.
    pub fn put_summary(&self, run: &str, summary: &RunSummary) -> Result<(), RunStorageError> {
        let folder = self.folder(run)?;
        if folder.join(EXPERIMENT).is_file() {
            history::put(&folder, summary).map_err(|error| failed("write", &folder, &error))?;
        }
        Ok(())
    }

    /// Removes a run with all its files. Nothing but a run is removed, and none that is at work.
    ///
    /// # Errors
    /// It is no run, somebody works in it, or the disk fails.
    pub fn delete(&self, run: &str) -> Result<(), RunStorageError> {
        let folder = self.folder(run)?;
        if !folder.exists() {
            return Ok(());
        }
        drop(RunFolder::open(&folder)?);
        fs::remove_dir_all(&folder).map_err(|error| failed("remove", &folder, &error))
    }

    /// The folder of a run.
    ///
    /// # Errors
    /// The name could lead out of the runs' folder.
    pub fn folder(&self, run: &str) -> Result<PathBuf, RunStorageError> {
        if !is_run_name(run) {
            return Err(RunStorageError(format!(
                "`{run}` is no name of a run: it would lead elsewhere, or no folder can be called so"
            )));
        }
        Ok(self.root.join(run))
    }

    fn table(&self, folder: &Path) -> Result<Vec<u8>, RunStorageError> {
        let file = RunFile::read(folder)?;
        let table = match (file.table_path(folder), self.demo) {
            (Some(path), _) => fs::read(&path).map_err(|error| failed("read", &path, &error))?,
            (None, Some(demo)) => demo.to_vec(),
            (None, None) => {
                return Err(RunStorageError(
                    "this run's table is part of the command line program; go on with it there"
                        .to_owned(),
                ));
            }
        };
        if sha256(&table) != file.sha256 {
            return Err(RunStorageError(format!(
                "the table has changed since the run in `{}` was begun; bring the old table back, or begin a new run",
                folder.display()
            )));
        }
        Ok(table)
    }
}

impl RunStorage for RunsFolder {
    type Files = RunFolder;

    async fn begin(&mut self, run: NewRun<'_>) -> Result<StoredRun<RunFolder>, RunStorageError> {
        let folder = self.folder(run.name)?;
        let absolute = std::path::absolute(&folder)
            .map_err(|error| failed("find", &folder, &error))?
            .join(TABLE);
        let mut file = RunFile::new(
            Origin::File(absolute),
            sha256(run.table),
            // In the run's folder, where both files lie.
            format!("spat run {TABLE} --experiment {EXPERIMENT}"),
            None,
            &run.device.kind,
        );
        file.maker = Some(format!(
            "in the run's folder; it was begun in {}",
            self.maker
        ));
        file.table = Some(run.table_name.to_owned());
        let files = RunFolder::create(&folder, &file, run.experiment, Some(run.table));
        let files = files.map_err(|error| match error {
            RunFolderError::Store(StoreError::Exists(folder)) => RunStorageError(format!(
                "`{folder}` is there already and holds something else; move it away, or give the table's file \
                 another name"
            )),
            error => error.into(),
        })?;
        Ok(StoredRun {
            files,
            not_stored: None,
        })
    }

    async fn resume(
        &mut self,
        run: &str,
    ) -> Result<(StoredRun<RunFolder>, Vec<u8>), RunStorageError> {
        let folder = self.folder(run)?;
        let files = RunFolder::open(&folder)?;
        let table = self.table(&folder)?;
        let stored = StoredRun {
            files,
            not_stored: None,
        };
        Ok((stored, table))
    }

    async fn command(
        &self,
        run: &str,
        experiment: &Experiment,
        device: &DeviceFacts,
    ) -> Result<String, RunStorageError> {
        let mut file = RunFile::read(&self.folder(run)?)?;
        file.device.clone_from(&device.kind);
        Ok(file.command(experiment.seed))
    }
}

impl RunStore for RunFolder {
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.store.write(name, bytes).await
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(name).await
    }

    async fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        self.store.remove(name).await
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> RunStorageError {
    RunStorageError(format!("cannot {what} `{}`: {error}", path.display()))
}
