//! A table on its way: pieces from a visitor, in a file that goes when nobody needs it any more.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file that is removed with its last handle.
#[derive(Debug)]
pub(crate) struct Upload {
    path: PathBuf,
    file: File,
    bytes: usize,
    most: usize,
}

/// It was not taken.
#[derive(Debug)]
pub(crate) enum UploadError {
    TooLarge { most: usize },
    NoSpace,
    Disk(io::Error),
}

impl std::fmt::Display for UploadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { most } => write!(
                f,
                "this server takes tables of up to {} MB; cut it, or compute in your own browser",
                most >> 20
            ),
            Self::NoSpace => f.write_str(
                "the space that this server gives to its visitors is used up; delete some of your runs, \
                 or ask whoever runs it for more",
            ),
            Self::Disk(error) => write!(f, "the server cannot keep the table: {error}"),
        }
    }
}

impl Upload {
    /// An empty one of at most `most` bytes.
    pub(crate) fn begin(path: &Path, most: usize) -> Result<Self, UploadError> {
        let file = File::options()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(UploadError::Disk)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes: 0,
            most,
        })
    }

    /// Adds a piece.
    pub(crate) fn add(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        self.bytes += piece.len();
        if self.bytes > self.most {
            return Err(UploadError::TooLarge { most: self.most });
        }
        self.file.write_all(piece).map_err(UploadError::Disk)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.path)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}
