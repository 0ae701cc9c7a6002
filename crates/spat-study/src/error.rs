//! Errors of a study.

use std::path::{Path, PathBuf};

use spat_engine::{JobError, StoreError};
use spat_spec::{ConfigError, PlanError, StructureError};
use thiserror::Error;

/// An error of a study. All but [`StudyError::Stopped`] are failures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The study was stopped; finished tasks are kept.
    #[error("stopped; the study can be resumed")]
    Stopped,
    /// The study is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// One of its tasks failed.
    #[error("{task}: {error}")]
    Task {
        /// The task.
        task: String,
        /// The failure.
        error: Box<JobError>,
    },
    /// A table cannot be used.
    #[error("{table}: {error}")]
    Table {
        /// Its name.
        table: String,
        /// The failure.
        error: Box<JobError>,
    },
    /// The model does not have the modules to remove.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// The scores do not give a plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A result cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the study cannot be read.
    #[error("`{path}` cannot be read: {reason}; delete it to compute it again")]
    Damaged {
        /// The file.
        path: String,
        /// The failure.
        reason: String,
    },
    /// Results were computed with different arithmetic.
    #[error(
        "results of this study differ in their arithmetic (`{path}`: {arithmetic}; `{other_path}`: {other}), so their \
         last digits may differ; delete those of one kind (.json and .safetensors), and resume on machines of the \
         other kind"
    )]
    MixedArithmetic {
        /// A result, or the file of one that would be computed next.
        path: String,
        /// Its arithmetic.
        arithmetic: String,
        /// Another one.
        other_path: String,
        /// Its arithmetic.
        other: String,
    },
    /// The program of a queueing system cannot be used.
    #[error("cannot use `{program}`: {reason}")]
    Queue {
        /// The program.
        program: String,
        /// The failure.
        reason: String,
    },
    /// A queueing system ended without the results of some items.
    #[error("{}", unfinished(.failed, *.wave, .output))]
    Unfinished {
        /// The items without a result, and the files with their output.
        failed: Vec<(String, PathBuf)>,
        /// Number of items that were to be executed.
        wave: usize,
        /// The output of the queueing system's command.
        output: PathBuf,
    },
    /// Two parts of the study are inconsistent.
    #[error("{0}")]
    Mismatch(String),
}

impl StudyError {
    /// With the name of the table instead of its checksum.
    pub(crate) fn of_table(self, name: &str) -> Self {
        match self {
            Self::Table { error, .. } => Self::Table {
                table: name.to_owned(),
                error,
            },
            other => other,
        }
    }
}

/// Every item without a result, with the last line of its output.
fn unfinished(failed: &[(String, PathBuf)], wave: usize, output: &Path) -> String {
    let mut text = format!(
        "{} of {wave} tasks have no result after two attempts; correct the cause and resume. The command's output is \
         in `{}`",
        failed.len(),
        output.display()
    );
    if let Some(line) = last_line(output) {
        text.push_str(&format!(": {line}"));
    }
    for (label, path) in failed {
        text.push_str(&format!("\n  {label}: see `{}`", path.display()));
        if let Some(line) = last_line(path) {
            text.push_str(&format!(": {line}"));
        }
    }
    text
}

fn last_line(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}
