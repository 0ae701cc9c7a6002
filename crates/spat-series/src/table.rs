//! A file read: numbers, missing cells and stamps, in file order and unrepaired.

use serde::{Deserialize, Serialize};

use crate::detection::Detection;

/// A table of numbers as it stands in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Names of the columns of numbers, each different.
    pub channels: Vec<String>,
    /// Civil seconds since 1970-01-01 per row in file order; `None` without a time column.
    pub stamps: Option<Vec<i64>>,
    /// How the file was read.
    pub detection: Detection,
    pub(crate) rows: usize,
    /// `[rows × channels]` row-major; NaN is a missing cell.
    pub(crate) values: Vec<f32>,
}

impl Table {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The values, `[rows × channels]` row-major in file order; a missing cell is NaN, every other
    /// value finite.
    pub fn values(&self) -> &[f32] {
        &self.values
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
