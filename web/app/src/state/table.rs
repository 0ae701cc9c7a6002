//! A loaded table.

use std::sync::Arc;

use spat_series::{PlainText, ReadError, Series, SeriesError, SplitRule, Table, read_table};
use spat_spec::DataConfig;
use thiserror::Error;

/// A file's name and content.
#[derive(Debug, Clone)]
pub(crate) struct TableFile {
    pub(crate) name: String,
    /// Plain text.
    pub(crate) bytes: Arc<[u8]>,
    /// What the text was made of, if the file is not plain text.
    pub(crate) original: Option<Arc<OriginalFile>>,
}

impl TableFile {
    /// A file of plain text.
    pub(crate) fn plain(name: String, bytes: Vec<u8>) -> Self {
        Self {
            name,
            bytes: bytes.into(),
            original: None,
        }
    }
}

/// A file that is not plain text.
#[derive(Debug)]
pub(crate) struct OriginalFile {
    pub(crate) bytes: Arc<[u8]>,
    /// Its containers and its encoding, without the text.
    pub(crate) plain: PlainText<'static>,
}

/// A file, the table parsed from it, and the series made of it.
#[derive(Debug, Clone)]
pub(crate) struct LoadedTable {
    pub(crate) file: TableFile,
    /// How it was read, repaired and split.
    pub(crate) data: DataConfig,
    /// All channels of the file, and what was detected.
    pub(crate) parsed: Arc<Table>,
    /// The channels that are used, repaired.
    pub(crate) series: Arc<Series>,
}

/// A file and the options that it is read with.
#[derive(Debug)]
pub(crate) struct TableSource {
    pub(crate) file: TableFile,
    pub(crate) data: DataConfig,
}

/// The table cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TableError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Series(#[from] SeriesError),
}

impl LoadedTable {
    /// Reads and repairs.
    ///
    /// # Errors
    /// The table cannot be read or used; the message has the reason and a remedy.
    pub(crate) fn read(file: TableFile, data: DataConfig) -> Result<Self, TableError> {
        let mut parsed = read_table(&file.bytes, &data.read)?;
        if let Some(original) = &file.original {
            parsed.detection.describe(&original.plain);
        }
        Self::of(file, Arc::new(parsed), data)
    }

    /// The same file with other options. It is only parsed again if reading options differ.
    ///
    /// # Errors
    /// As [`LoadedTable::read`].
    pub(crate) fn again(&self, data: DataConfig) -> Result<Self, TableError> {
        if data.read == self.data.read {
            Self::of(self.file.clone(), self.parsed.clone(), data)
        } else {
            Self::read(self.file.clone(), data)
        }
    }

    fn of(file: TableFile, parsed: Arc<Table>, data: DataConfig) -> Result<Self, TableError> {
        let series = Arc::new(Table::clone(&parsed).into_series(&data.series)?);
        Ok(Self {
            file,
            data,
            parsed,
            series,
        })
    }

    /// The same table with another split.
    pub(crate) fn split_by(&self, split: SplitRule) -> Self {
        let mut table = self.clone();
        table.data.split = split;
        table
    }

    /// Whether its rows have dates.
    pub(crate) fn has_dates(&self) -> bool {
        self.series.index.timestamps().is_some()
    }
}
