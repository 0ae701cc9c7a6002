//! What tasks of a study read besides their description: the places of tables and of frozen weights. Other machines
//! find both in the study's folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use spat_engine::JobError;
use spat_engine::platform::write_atomically;
use spat_series::Series;
use spat_spec::DataConfig;
use spat_study::{StudyError, TableSource};

use crate::failure::input;
use crate::{demo_table, table};

/// The file, in the study's folder.
const FILE: &str = "tasks/inputs.json";

/// Content of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct TaskInputs {
    pub(crate) tables: Vec<TableFile>,
    /// A file of frozen weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backbone: Option<PathBuf>,
}

/// A table of the study.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TableFile {
    pub(crate) name: String,
    /// An absolute path; `None` for the table that is part of the program.
    pub(crate) path: Option<PathBuf>,
    pub(crate) sha256: String,
    /// Channels to read instead of those of the task's configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channels: Option<Vec<String>>,
}

impl TaskInputs {
    /// Writes them into the study's folder.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot create the folder `{}`", parent.display()))?;
        let text = serde_json::to_vec_pretty(self).context("cannot write the study's tables")?;
        Ok(write_atomically(&path, &text)?)
    }

    /// Those of a study.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let bytes = table::read_file(&path).with_context(|| {
            format!(
                "`{}` is not the folder of a study with --engine, or this machine does not see it",
                folder.display()
            )
        })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| input(format!("`{}` is damaged: {error}", path.display())))
    }
}

impl TableFile {
    /// A table at a path of the command line.
    pub(crate) fn new(
        path: Option<&Path>,
        name: &str,
        sha256: String,
        channels: Option<Vec<String>>,
    ) -> anyhow::Result<Self> {
        if path == Some(Path::new("-")) {
            return Err(input(
                "other machines cannot read a table from standard input; give the path of a file with --engine",
            ));
        }
        let absolute = path.map(std::path::absolute).transpose();
        Ok(Self {
            name: name.to_owned(),
            path: absolute.context("cannot find the current folder")?,
            sha256,
            channels,
        })
    }

    fn series(&self, data: &DataConfig) -> anyhow::Result<Series> {
        let bytes = match &self.path {
            None => demo_table::file().1,
            Some(path) => table::read_file(path).context(
                "tasks read the table at the path of the study's command; put it where all machines see it",
            )?,
        };
        if table::sha256(&bytes) != self.sha256 {
            return Err(input(
                "the file is another one than at the study's start, or incomplete on this machine; restore it",
            ));
        }
        let mut data = data.clone();
        if self.channels.is_some() {
            data.series.channels.clone_from(&self.channels);
        }
        Ok(table::from_bytes(self.name.clone(), bytes, &data)?.series)
    }
}

impl TableSource for TaskInputs {
    fn series(&self, sha256: &str, data: &DataConfig) -> Result<Series, StudyError> {
        let table = self.tables.iter().find(|table| table.sha256 == sha256);
        let table = table
            .ok_or_else(|| StudyError::Mismatch(format!("the study has no table {sha256}")))?;
        table.series(data).map_err(|error| StudyError::Table {
            table: match &table.path {
                Some(path) => path.display().to_string(),
                None => table.name.clone(),
            },
            error: Box::new(JobError::Mismatch(format!("{error:#}"))),
        })
    }
}
