//! The content of a file: numbers, missing cells and timestamps, in file order and unrepaired.

use serde::{Deserialize, Serialize};

use crate::{
    detection::Detection,
    error::{ReadError, SeriesError, shorten},
    unit::TimeFormat,
};

/// A table of numbers as it is in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Names of the columns of numbers, each different.
    pub channels: Vec<String>,
    /// The timestamp per row in file order, civil time since 1970-01-01 counted in
    /// [`TimeFormat::unit`]; `None` without a time column.
    #[serde(rename = "stamps")]
    pub timestamps: Option<Vec<i64>>,
    /// How the timestamps are counted and written.
    #[serde(default)]
    pub time_format: TimeFormat,
    /// How the file was read.
    pub detection: Detection,
    pub(crate) rows: usize,
    /// `[rows × channels]` row-major; NaN is a missing cell.
    pub(crate) values: Vec<f32>,
    /// What is to be added to the values of each channel; empty where that is 0 for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) offsets: Vec<f64>,
    /// Channels with cells that are not numbers, which is an error if they are used.
    #[serde(default)]
    pub(crate) unreadable: Vec<UnreadableColumn>,
}

/// A column of numbers in which some cells are not numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnreadableColumn {
    pub(crate) name: String,
    /// From 1.
    pub(crate) column: usize,
    /// Line of the first such cell.
    pub(crate) line: u64,
    /// The cell, cut to a readable length.
    pub(crate) text: String,
    /// Such cells in the column.
    pub(crate) count: usize,
    /// Two units that the column mixes.
    pub(crate) mixed: Option<[String; 2]>,
}

impl UnreadableColumn {
    fn error(&self) -> ReadError {
        let name = shorten(&self.name);
        match &self.mixed {
            Some([first, second]) => ReadError::MixedUnits {
                column: self.column,
                name,
                first: first.clone(),
                second: second.clone(),
            },
            None => ReadError::NotANumber {
                line: self.line,
                column: self.column,
                name,
                text: self.text.clone(),
                count: self.count,
            },
        }
    }
}

impl Table {
    /// Whether every cell of `chosen` channels is a number or missing.
    ///
    /// # Errors
    /// The first cell that is neither.
    pub(crate) fn check_readable(&self, chosen: &[usize]) -> Result<(), SeriesError> {
        let chosen = |name: &String| {
            chosen
                .iter()
                .any(|&channel| self.channels[channel] == *name)
        };
        match self.unreadable.iter().find(|column| chosen(&column.name)) {
            Some(column) => Err(SeriesError::Unreadable(column.error())),
            None => Ok(()),
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The values less [`Table::offset`], `[rows × channels]` row-major in file order; a missing cell
    /// is NaN, every other value finite.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// What is to be added to the values of a channel. It is 0 unless the numbers in the file have
    /// more digits than an f32, see [`with_offset`](crate::with_offset).
    pub fn offset(&self, channel: usize) -> f64 {
        self.offsets.get(channel).copied().unwrap_or(0.0)
    }

    /// Whether a cell is missing. `false` outside the table.
    pub fn is_missing(&self, row: usize, channel: usize) -> bool {
        channel < self.channels.len()
            && self
                .values
                .get(row * self.channels.len() + channel)
                .is_some_and(|v| v.is_nan())
    }

    /// Missing cells per channel.
    pub fn missing_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.channels.len()];
        for row in self.values.chunks_exact(self.channels.len().max(1)) {
            for (count, value) in counts.iter_mut().zip(row) {
                *count += usize::from(value.is_nan());
            }
        }
        counts
    }
}
