//! A table that a visitor uploads in chunks, in a temporary file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::disk_quota::DiskQuota;
use crate::private_files::private_options;

/// A temporary file that is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Upload {
    path: PathBuf,
    file: File,
    bytes: usize,
    limit: usize,
    quota: Arc<DiskQuota>,
}

/// An upload was rejected.
#[derive(Debug, Error)]
pub(crate) enum UploadError {
    #[error(
        "this server takes tables of up to {} MB; cut the table, or compute in your own browser",
        limit >> 20
    )]
    TooLarge { limit: usize },
    #[error(
        "the visitors of this server have used up its disk space; delete some of your runs, or ask its \
         owner for more"
    )]
    QuotaExceeded,
    #[error("the server cannot store the table: {0}")]
    Disk(io::Error),
}

impl Upload {
    /// Creates an empty file for at most `limit` bytes, which count towards `quota`.
    pub(crate) fn create(
        path: &Path,
        limit: usize,
        quota: Arc<DiskQuota>,
    ) -> Result<Self, UploadError> {
        let file = private_options()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(UploadError::Disk)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes: 0,
            limit,
            quota,
        })
    }

    /// Appends a chunk.
    pub(crate) fn write(&mut self, chunk: &[u8]) -> Result<(), UploadError> {
        if self.bytes + chunk.len() > self.limit {
            return Err(UploadError::TooLarge { limit: self.limit });
        }
        self.bytes += chunk.len();
        self.quota.add_upload(chunk.len() as u64);
        if self.quota.is_full() {
            self.quota.cancel_upload(self.bytes as u64);
            self.bytes = 0;
            return Err(UploadError::QuotaExceeded);
        }
        self.file.write_all(chunk).map_err(UploadError::Disk)
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
        self.quota.end_upload(self.bytes as u64);
    }
}
