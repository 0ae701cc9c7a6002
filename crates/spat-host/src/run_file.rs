//! `run.json`: facts about a run beyond its experiment, needed to resume it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spat_engine::session::TABLE;

use crate::error::RunFolderError;

/// The version of `run.json`.
const FORMAT: u32 = 1;

/// File name.
pub(crate) const RUN_FILE: &str = "run.json";

/// Origin of the table and arguments of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    format: u32,
    /// Where the table is.
    pub data: Origin,
    /// The table's original file name, if `data` is a copy under another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// SHA-256 of the table: a run resumes with the same bytes only.
    pub sha256: String,
    /// The command that reproduces the report, without seed, threads and device.
    pub command: String,
    /// The front end that created the run, if it was not the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The absolute path of the frozen weights, if they come from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone: Option<PathBuf>,
    /// Requested number of threads.
    pub threads: Option<usize>,
    /// `cpu` or `gpu`.
    pub device: String,
}

/// Origin of a run's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A file, by its absolute path, or `table.csv` in the run's folder.
    File(PathBuf),
    /// The demonstration table that is part of the program.
    Demo,
}

impl RunFile {
    /// Facts about a new run.
    pub fn new(
        data: Origin,
        sha256: String,
        command: String,
        threads: Option<usize>,
        device: &str,
    ) -> Self {
        Self {
            format: FORMAT,
            data,
            table: None,
            sha256,
            command,
            maker: None,
            backbone: None,
            threads,
            device: device.to_owned(),
        }
    }

    /// The table's file name, if it is from a file.
    pub fn table_name(&self) -> Option<String> {
        match (&self.table, &self.data) {
            (Some(name), _) => Some(name.clone()),
            (None, Origin::File(path)) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                Some(name.to_string_lossy().into_owned())
            }
            (None, Origin::Demo) => None,
        }
    }

    /// Path of the table of the run in `folder`, if it is a file. A copy in the folder is found also after
    /// the folder was moved.
    pub fn table_path(&self, folder: &Path) -> Option<PathBuf> {
        let Origin::File(path) = &self.data else {
            return None;
        };
        let copy = folder.join(TABLE);
        Some(if copy.is_file() { copy } else { path.clone() })
    }

    /// Reads the file in `folder`.
    ///
    /// # Errors
    /// There is no such file, or it has another version.
    pub fn read(folder: &Path) -> Result<Self, RunFolderError> {
        let path = folder.join(RUN_FILE);
        let text = fs::read(&path).map_err(|error| RunFolderError::NotResumable {
            folder: folder.to_owned(),
            file: RUN_FILE,
            reason: error.to_string(),
        })?;
        let file: Self =
            serde_json::from_slice(&text).map_err(|error| RunFolderError::Damaged {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        if file.format != FORMAT {
            return Err(RunFolderError::Format {
                path,
                found: file.format,
                known: FORMAT,
            });
        }
        Ok(file)
    }

    /// The complete command: seed, threads and device affect the last digits. A shell comment names the
    /// front end that created the run.
    pub fn command(&self, seed: u64) -> String {
        let threads = self
            .threads
            .map_or_else(String::new, |threads| format!(" --threads {threads}"));
        let maker = self
            .maker
            .as_ref()
            .map_or_else(String::new, |maker| format!("  # {maker}"));
        format!(
            "{} --seed {seed}{threads} --device {}{maker}",
            self.command, self.device
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(threads: Option<usize>, device: &str) -> RunFile {
        let command = "spat run x.csv".to_owned();
        RunFile::new(Origin::Demo, String::new(), command, threads, device)
    }

    #[test]
    fn the_command_includes_what_affects_the_last_digits() {
        assert_eq!(
            of(Some(2), "cpu").command(7),
            "spat run x.csv --seed 7 --threads 2 --device cpu"
        );
        assert_eq!(
            of(None, "gpu").command(7),
            "spat run x.csv --seed 7 --device gpu"
        );
        let mut by_hand = of(None, "cpu");
        by_hand.maker = Some("made in the desktop app".to_owned());
        assert_eq!(
            by_hand.command(7),
            "spat run x.csv --seed 7 --device cpu  # made in the desktop app"
        );
    }
}
