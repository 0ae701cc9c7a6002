//! A loaded table.

use std::sync::Arc;

use spat_series::{ReadError, Series, SeriesError, SplitRule, Table, read_table};
use spat_spec::DataConfig;
use thiserror::Error;

/// A file's bytes, the table parsed from them, and the series made of it.
#[derive(Debug, Clone)]
pub(crate) struct LoadedTable {
    /// The file's name.
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
    /// How it was read, repaired and split.
    pub(crate) data: DataConfig,
    /// All channels of the file, and what was detected.
    pub(crate) parsed: Arc<Table>,
    /// The channels that are used, repaired.
    pub(crate) series: Arc<Series>,
}

/// A file that could not be used with these reading options.
#[derive(Debug)]
pub(crate) struct RefusedTable {
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
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
    pub(crate) fn read(
        name: String,
        bytes: Arc<[u8]>,
        data: DataConfig,
    ) -> Result<Self, TableError> {
        let parsed = Arc::new(read_table(&bytes, &data.read)?);
        Self::of(name, bytes, parsed, data)
    }

    /// The same file with other options. It is only parsed again if reading options differ.
    ///
    /// # Errors
    /// As [`LoadedTable::read`].
    pub(crate) fn again(&self, data: DataConfig) -> Result<Self, TableError> {
        let (name, bytes) = (self.name.clone(), self.bytes.clone());
        if data.read == self.data.read {
            Self::of(name, bytes, self.parsed.clone(), data)
        } else {
            Self::read(name, bytes, data)
        }
    }

    fn of(
        name: String,
        bytes: Arc<[u8]>,
        parsed: Arc<Table>,
        data: DataConfig,
    ) -> Result<Self, TableError> {
        let series = Arc::new(Table::clone(&parsed).into_series(&data.series)?);
        Ok(Self {
            name,
            bytes,
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
        self.series.index.stamps().is_some()
    }
}
