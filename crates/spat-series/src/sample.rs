//! The first lines of a file, from which its layout is detected.

use crate::{
    error::ReadError,
    options::ReadOptions,
    records::{Lines, Record, Records},
};

/// The most records of a sample.
const RECORDS: usize = 200;
/// The most cells of a sample, unless the first three records hold more.
const CELLS: usize = 200_000;

/// The first records, cell by cell, trimmed.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) records: Vec<Vec<String>>,
    /// Where each record starts.
    lines: Vec<u64>,
    /// Whether it holds all records of the text.
    pub(crate) complete: bool,
}

impl Sample {
    /// The first records of `text`, cut at `delimiter`.
    pub(crate) fn take(
        source: &Lines<'_>,
        delimiter: u8,
        records: usize,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let mut reader = Records::new(source, delimiter, options.max_line_bytes);
        let mut taken: Vec<Vec<String>> = Vec::new();
        let mut lines = Vec::new();
        let (mut cells, mut complete) = (0, false);
        while taken.len() < records.min(RECORDS) && (cells < CELLS || taken.len() < 3) {
            let Some(record) = reader.next()? else {
                complete = true;
                break;
            };
            if record.is_blank() && taken.is_empty() {
                continue;
            }
            lines.push(record.line);
            taken.push(cut(&record, options)?);
            cells += taken.last().map_or(0, Vec::len);
        }
        if taken.is_empty() {
            Err(ReadError::Empty)
        } else {
            Ok(Self {
                records: taken,
                lines,
                complete,
            })
        }
    }

    /// Removes the first `count` records.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.records.drain(..count);
        self.lines.drain(..count);
    }

    /// Removes later records that repeat the first one, where the first `head` hold names.
    pub(crate) fn without_repeats_of_first(&mut self, head: usize) {
        for row in (head.max(1)..self.records.len()).rev() {
            if head > 0 && self.records[row] == self.records[0] {
                self.records.remove(row);
                self.lines.remove(row);
            }
        }
    }

    /// The line on which a record starts.
    pub(crate) fn line(&self, record: usize) -> u64 {
        self.lines.get(record).copied().unwrap_or(0)
    }

    /// The cells of a column below the first `skip` records, with their lines.
    pub(crate) fn lines_of(
        &self,
        column: usize,
        skip: usize,
    ) -> impl Iterator<Item = (u64, &str)> + Clone {
        let records = self.records.iter().zip(&self.lines).skip(skip);
        records.filter_map(move |(record, &line)| Some((line, record.get(column)?.as_str())))
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
