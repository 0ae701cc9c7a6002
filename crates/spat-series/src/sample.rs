//! The first lines of a file, from which everything is found out.

use crate::{
    error::ReadError,
    options::ReadOptions,
    records::{Record, Records},
};

/// Records looked at, where they are not too wide.
const RECORDS: usize = 200;
/// Cells looked at, unless the first three records hold more.
const CELLS: usize = 200_000;

/// The first records, cell by cell, trimmed.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) records: Vec<Vec<String>>,
}

impl Sample {
    /// The first records of `text`, cut at `delimiter`.
    pub(crate) fn take(
        text: &str,
        delimiter: u8,
        records: usize,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let mut reader = Records::new(text, 1, delimiter, options.max_line_bytes);
        let mut taken: Vec<Vec<String>> = Vec::new();
        let mut cells = 0;
        while taken.len() < records.min(RECORDS) && (cells < CELLS || taken.len() < 3) {
            let Some(record) = reader.next()? else { break };
            if record.is_blank() && taken.is_empty() {
                continue;
            }
            taken.push(cut(&record, options)?);
            cells += taken.last().map_or(0, Vec::len);
        }
        if taken.is_empty() {
            Err(ReadError::Empty)
        } else {
            Ok(Self { records: taken })
        }
    }

    /// Columns of the first record.
    pub(crate) fn columns(&self) -> usize {
        self.records[0].len()
    }

    /// The cells of a column below the first `skip` records.
    pub(crate) fn column(&self, column: usize, skip: usize) -> impl Iterator<Item = &str> + Clone {
        self.records
            .iter()
            .skip(skip)
            .filter_map(move |r| r.get(column))
            .map(String::as_str)
    }
}

fn cut(record: &Record<'_>, options: &ReadOptions) -> Result<Vec<String>, ReadError> {
    let mut cells = Vec::new();
    record.each(|column, cell| {
        if column >= options.max_columns {
            let limit = options.max_columns;
            return Err(ReadError::TooManyColumns {
                line: record.line,
                limit,
            });
        }
        cells.push(cell.trim().to_owned());
        Ok(())
    })?;
    Ok(cells)
}
