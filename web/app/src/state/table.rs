//! A table, as it was read and as it is used.

use std::sync::Arc;

use spat_series::{ReadError, Series, SeriesError, SplitRule, Table, read_table};
use spat_spec::DataConfig;
use thiserror::Error;

/// Bytes, what was found in them, and the series made of them.
#[derive(Debug, Clone)]
pub(crate) struct LoadedTable {
    /// The file's name.
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
    /// How it was read, repaired and split.
    pub(crate) data: DataConfig,
    /// As it stands in the file: all channels, chosen or not, and what was detected and why.
    pub(crate) parsed: Arc<Table>,
    /// The channels that are used, repaired.
    pub(crate) series: Arc<Series>,
}

/// A file that could not be used in the way that was tried; another way may do.
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
    /// What is wrong with the table, and a way out.
    pub(crate) fn read(
        name: String,
        bytes: Arc<[u8]>,
        data: DataConfig,
    ) -> Result<Self, TableError> {
        let parsed = Arc::new(read_table(&bytes, &data.read)?);
        Self::of(name, bytes, parsed, data)
    }

    /// The same file, used or read in another way; only what has to be is done again.
    ///
    /// # Errors
    /// What is wrong with the table in this way, and a way out.
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

    /// The same rows, divided in another way.
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
