//! Errors of run folders.

use std::path::PathBuf;

use spat_engine::StoreError;
use thiserror::Error;

/// The folder is not in the expected state.
#[derive(Debug, Error)]
pub enum RunFolderError {
    /// The run is finished.
    #[error("the run folder `{}` holds a finished run", .0.display())]
    Finished(PathBuf),
    /// The run can be resumed.
    #[error("the run folder `{}` holds a run that has not ended", .0.display())]
    Unfinished(PathBuf),
    /// Another process uses the folder.
    #[error("another process uses `{}`; wait until it ends, or choose another folder", .0.display())]
    Busy(PathBuf),
    /// The folder lacks a file that a resumed run needs.
    #[error("`{}` holds no run that can be resumed: cannot read `{file}`: {reason}", folder.display())]
    NotResumable {
        /// The run's folder.
        folder: PathBuf,
        /// The missing file.
        file: &'static str,
        /// The system's message.
        reason: String,
    },
    /// A file has invalid content.
    #[error("`{}` is damaged: {reason}; start a new run", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Description of the damage.
        reason: String,
    },
    /// A file of another format version.
    #[error(
        "`{}` has format {found}, but this program reads format {known}; use the version that wrote it",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that this program reads.
        known: u32,
    },
    /// A file of the run failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A system call failed.
    #[error("cannot {what} `{}`: {reason}", path.display())]
    System {
        /// The attempted operation.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's message.
        reason: String,
    },
}

impl RunFolderError {
    /// Whether the arguments are wrong, as opposed to a failure of the system.
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
