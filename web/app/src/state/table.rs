//! A table, as it was read and as it is used.

use std::sync::Arc;

use spat_series::{Detection, ReadError, Series, SeriesError, SplitRule, Table, read_table};
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
    /// What was detected and why.
    pub(crate) detection: Detection,
    /// All channels of the table, chosen or not.
    pub(crate) all_channels: Vec<String>,
    /// The channels that are used, repaired.
    pub(crate) series: Arc<Series>,
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
        let table: Table = read_table(&bytes, &data.read)?;
        let detection = table.detection.clone();
        let all_channels = table.channels.clone();
        let series = Arc::new(table.into_series(&data.series)?);
        Ok(Self {
            name,
            bytes,
            data,
            detection,
            all_channels,
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
