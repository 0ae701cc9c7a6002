//! Why a folder of a run cannot be had.

use std::path::PathBuf;

use spat_engine::StoreError;
use thiserror::Error;

/// The folder is not what is needed.
#[derive(Debug, Error)]
pub enum RunFolderError {
    /// A run that can only be looked at.
    #[error("the run folder `{}` holds a finished run", .0.display())]
    Finished(PathBuf),
    /// A run that can be gone on with.
    #[error("the run folder `{}` holds a run that has not ended", .0.display())]
    Unfinished(PathBuf),
    /// Somebody else is at work in it.
    #[error("another process works on `{}`; wait for it, or take another folder", .0.display())]
    Busy(PathBuf),
    /// It lacks what is needed to go on.
    #[error("`{}` holds no run that can go on: cannot read `{file}`: {reason}", folder.display())]
    CannotGoOn {
        /// The run's folder.
        folder: PathBuf,
        /// What it lacks.
        file: &'static str,
        /// The system's words.
        reason: String,
    },
    /// A file is not what its name says.
    #[error("`{}` is damaged: {reason}; start the run anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of another version.
    #[error(
        "`{}` has format {found}, this program reads {known}: use the version that wrote it",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that this program knows.
        known: u32,
    },
    /// The files fail.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refuses.
    #[error("cannot {what} `{}`: {reason}", path.display())]
    System {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
}

impl RunFolderError {
    /// Whether other arguments would help, and not another machine.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Store(error) => {
                matches!(error, StoreError::Exists(_) | StoreError::NoRun(_))
            }
            Self::System { .. } => false,
            _ => true,
        }
    }
}
