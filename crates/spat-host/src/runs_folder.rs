//! A folder of runs, each of which the command line can resume too.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use spat_engine::RunStore;
use spat_engine::StoreError;
use spat_engine::session::{NewRun, RunStorage, RunStorageError, StoredRun, TABLE};
use spat_spec::{DeviceFacts, Experiment, RunSummary, sha256};

use crate::error::RunFolderError;
use crate::history;
use crate::names::{file_name, is_run_name};
use crate::run_file::{Origin, RunFile};
use crate::run_folder::{EXPERIMENT, RunFolder};

/// Runs on disk. Clones refer to the same folder.
#[derive(Debug, Clone)]
pub struct RunsFolder {
    root: PathBuf,
    maker: &'static str,
    demo: Option<&'static [u8]>,
    is_private: bool,
}

impl From<RunFolderError> for RunStorageError {
    fn from(error: RunFolderError) -> Self {
        Self(error.to_string())
    }
}

impl RunsFolder {
    /// The runs in `root`, which need not exist yet. Reports name `maker` as the front end that created
    /// them. `demo` is the program's demonstration table, which its runs do not copy.
    pub fn new(root: PathBuf, maker: &'static str, demo: Option<&'static [u8]>) -> Self {
        Self {
            root,
            maker,
            demo,
            is_private: false,
        }
    }

    /// For runs of other people than the owner of the folder: folders are readable by their owner only,
    /// symbolic links are not followed, and no absolute path is written to `run.json`.
    #[must_use]
    pub fn private(self) -> Self {
        Self {
            is_private: true,
            ..self
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of a run; `None` if it does not exist. `table.csv` is found wherever the table is.
    ///
    /// # Errors
    /// The names are invalid, or reading fails.
    pub fn read(&self, run: &str, name: &str) -> Result<Option<Vec<u8>>, RunStorageError> {
        let folder = self.folder(run)?;
        let path = folder.join(file_name(name)?);
        self.refuse_links_to(&folder, &path)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("read", &path, &error)),
            Err(_) if name == TABLE => self.table(&folder).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// An open file from a run's folder; `None` if it does not exist.
    ///
    /// # Errors
    /// The names are invalid, or reading fails.
    pub fn file(&self, run: &str, name: &str) -> Result<Option<File>, RunStorageError> {
        let folder = self.folder(run)?;
        let path = folder.join(file_name(name)?);
        self.refuse_links_to(&folder, &path)?;
        match File::open(&path) {
            // On some systems a folder can be opened like a file.
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
    /// The name is invalid, or reading fails.
    pub fn names(&self, run: &str) -> Result<Vec<String>, RunStorageError> {
        let folder = self.folder(run)?;
        self.refuse_links_to(&folder, &folder.join("checkpoint"))?;
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

    /// All runs in the folder, of any front end, the newest first.
    pub fn summaries(&self) -> Vec<(String, RunSummary)> {
        history::summaries(&self.root, |folder| self.refuse_links_in(folder).is_ok())
    }

    /// Writes a run's summary, if the run's folder exists.
    ///
    /// # Errors
    /// The name is invalid, or writing fails.
    pub fn put_summary(&self, run: &str, summary: &RunSummary) -> Result<(), RunStorageError> {
        let folder = self.folder(run)?;
        self.refuse_links_in(&folder)?;
        if folder.join(EXPERIMENT).is_file() {
            history::put(&folder, summary).map_err(|error| failed("write", &folder, &error))?;
        }
        Ok(())
    }

    /// Removes a run with all its files. Folders that are not runs, and locked runs, are not removed.
    ///
    /// # Errors
    /// It is not a run, another process uses it, or removing fails.
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
    /// The name is not valid.
    pub fn folder(&self, run: &str) -> Result<PathBuf, RunStorageError> {
        if !is_run_name(run) {
            return Err(RunStorageError(format!(
                "`{run}` is not a valid run name: a run name is a single folder name"
            )));
        }
        let folder = self.root.join(run);
        self.refuse_links_to(&self.root, &folder)?;
        Ok(folder)
    }

    /// Refuses a path inside `folder` on which there is a symbolic link, if the runs are private.
    fn refuse_links_to(&self, folder: &Path, path: &Path) -> Result<(), RunStorageError> {
        let inside = path.ancestors().take_while(|part| *part != folder);
        match inside.chain([folder]).find(|part| part.is_symlink()) {
            Some(link) if self.is_private => Err(RunStorageError(format!(
                "`{}` is a symbolic link, which is not followed",
                link.file_name().unwrap_or_default().to_string_lossy()
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a run with a symbolic link in its folders, if the runs are private.
    fn refuse_links_in(&self, folder: &Path) -> Result<(), RunStorageError> {
        if !self.is_private {
            return Ok(());
        }
        let checkpoint = folder.join("checkpoint");
        self.refuse_links_to(folder, &checkpoint)?;
        for inside in [folder, &checkpoint] {
            for entry in fs::read_dir(inside).into_iter().flatten().flatten() {
                self.refuse_links_to(folder, &entry.path())?;
            }
        }
        Ok(())
    }

    fn table(&self, folder: &Path) -> Result<Vec<u8>, RunStorageError> {
        let file = RunFile::read(folder)?;
        let table = match (file.table_path(folder), self.demo) {
            (Some(path), _) => fs::read(&path).map_err(|error| failed("read", &path, &error))?,
            (None, Some(demo)) => demo.to_vec(),
            (None, None) => {
                return Err(RunStorageError(
                    "this run's table is part of the command line program; resume the run there"
                        .to_owned(),
                ));
            }
        };
        if sha256(&table) != file.sha256 {
            return Err(RunStorageError(format!(
                "the table has changed since the run in `{}` was created; restore the old table, or start a new run",
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
        let table = if self.is_private {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder
                .recursive(true)
                .create(&folder)
                .map_err(|error| failed("create the folder", &folder, &error))?;
            PathBuf::from(TABLE)
        } else {
            std::path::absolute(&folder)
                .map_err(|error| failed("find", &folder, &error))?
                .join(TABLE)
        };
        let mut file = RunFile::new(
            Origin::File(table),
            sha256(run.table),
            // Relative to the run's folder, which holds both files.
            format!("spat run {TABLE} --experiment {EXPERIMENT}"),
            None,
            &run.device.kind,
        );
        file.maker = Some(format!("in the run's folder; created by {}", self.maker));
        file.table = Some(run.table_name.to_owned());
        let files = RunFolder::create(&folder, &file, run.experiment, Some(run.table));
        let files = files.map_err(|error| match error {
            RunFolderError::Store(StoreError::Exists(folder)) => RunStorageError(format!(
                "`{folder}` already exists and holds other files; move it away, or give the table's file \
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
        self.refuse_links_in(&folder)?;
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
