//! The rows of a table, read cell by cell into the roles that their columns have.

use crate::{
    cell::{Cell, Cells},
    detection::Detection,
    error::{ReadError, shorten},
    options::ReadOptions,
    parts::{self, Parts},
    records::{Record, Records},
    sample::Sample,
    time_column::Source,
};

/// Values that files without a word for "missing" like to use.
pub(crate) const SUSPECTS: [f32; 3] = [-999.0, -9999.0, -99_999.0];
/// Rows after which the size of the whole table is estimated.
const ESTIMATE_AFTER: usize = 64;

/// What the cells of a column are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A number, at this place of the row.
    Value(usize),
    /// A time stamp.
    Stamp,
    /// A part of a time stamp, at this place of [`Parts::columns`].
    Part(usize),
    /// Text, set aside; at this place of [`Body::texts`].
    Text(usize),
}

/// Text in a column of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Bad {
    pub(crate) line: u64,
    pub(crate) text: String,
    pub(crate) count: usize,
}

/// A column of text, and the numbers that turn up in it after all.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) column: usize,
    pub(crate) first: Option<(u64, String)>,
    pub(crate) texts: usize,
    pub(crate) numbers: usize,
}

/// A table in the making.
pub(crate) struct Body {
    pub(crate) names: Vec<String>,
    /// Records above the first row: 1 with a header.
    skip: usize,
    roles: Vec<Role>,
    pub(crate) cells: Cells,
    pub(crate) source: Source,
    pub(crate) detection: Detection,
    pub(crate) rows: usize,
    /// `[rows × slots]` row-major, NaN for a missing cell.
    pub(crate) values: Vec<f32>,
    /// The column of each value of a row.
    pub(crate) slots: Vec<usize>,
    /// Per slot.
    pub(crate) bad: Vec<Option<Bad>>,
    /// Cells that hold one of [`SUSPECTS`], per slot.
    pub(crate) suspects: Vec<usize>,
    pub(crate) texts: Vec<Text>,
    /// The calendar parts of the row being read.
    part_values: Vec<i64>,
    pub(crate) part_stamps: Vec<i64>,
    /// Rows at the end without anything in them.
    pub(crate) blank_tail: usize,
}

impl Body {
    /// A table without rows. A column is text if the sample has text in it and no number.
    pub(crate) fn new(
        sample: &Sample,
        names: Vec<String>,
        skip: usize,
        source: Source,
        mut cells: Cells,
        detection: Detection,
    ) -> Self {
        let (mut slots, mut texts) = (Vec::new(), Vec::new());
        let mut role = |column: usize| {
            match &source {
                Source::Column(stamps) if stamps.column == column => return Role::Stamp,
                Source::Parts(parts) => {
                    let place = parts.columns.iter().position(|(_, other)| *other == column);
                    if let Some(place) = place {
                        return Role::Part(place);
                    }
                }
                _ => {}
            }
            let (mut numbers, mut others) = (0, 0);
            for cell in sample.column(column, skip) {
                match cells.peek(cell) {
                    Cell::Number(_) | Cell::NotFinite => numbers += 1,
                    Cell::Text => others += 1,
                    Cell::Missing(_) => {}
                }
            }
            if numbers == 0 && others > 0 {
                texts.push(Text {
                    column,
                    first: None,
                    texts: 0,
                    numbers: 0,
                });
                return Role::Text(texts.len() - 1);
            }
            slots.push(column);
            Role::Value(slots.len() - 1)
        };
        let roles = (0..names.len()).map(&mut role).collect();
        Self {
            names,
            skip,
            roles,
            cells,
            source,
            detection,
            rows: 0,
            values: Vec::new(),
            bad: vec![None; slots.len()],
            suspects: vec![0; slots.len()],
            slots,
            texts,
            part_values: Vec::new(),
            part_stamps: Vec::new(),
            blank_tail: 0,
        }
    }

    /// Reads all rows of `text`, which starts at line `first_line` of the file.
    pub(crate) fn read(
        &mut self,
        text: &str,
        first_line: u64,
        options: &ReadOptions,
    ) -> Result<(), ReadError> {
        let delimiter = self.detection.delimiter as u8;
        let mut records = Records::new(text, first_line, delimiter, options.max_line_bytes);
        let timed = !matches!(self.source, Source::Nowhere);
        let mut above = self.skip;
        let mut started = false;
        while let Some(record) = records.next()? {
            let blank = record.starts_blank() && record.is_blank();
            if blank && !started {
                self.detection.blank_lines += 1;
                continue;
            }
            started = true;
            if above > 0 {
                above -= 1;
                continue;
            }
            if blank && (timed || record.cells() != self.names.len()) {
                self.detection.blank_lines += 1;
                continue;
            }
            self.row(&record)?;
            self.blank_tail = if blank { self.blank_tail + 1 } else { 0 };
            self.rows += 1;
            if self.rows == ESTIMATE_AFTER {
                // One growth to about the final size instead of a copy at each doubling.
                let read = (text.len() - records.remaining()).max(1);
                let ratio = records.remaining() as f64 / read as f64;
                self.values
                    .reserve((self.values.len() as f64 * ratio * 1.01) as usize);
            }
        }
        self.detection.blank_lines += records.blank_lines;
        self.detection.crlf = records.crlf;
        Ok(())
    }

    fn row(&mut self, record: &Record<'_>) -> Result<(), ReadError> {
        let expected = self.roles.len();
        let mut found = 0;
        let mut trailing = false;
        self.part_values.clear();
        record.each(|column, cell| {
            found = column + 1;
            match self.roles.get(column) {
                Some(&Role::Value(slot)) => {
                    let number = match self.cells.plain_number(cell) {
                        Some(number) => number,
                        None => self.unusual(record.line, column, slot, cell)?,
                    };
                    if number <= SUSPECTS[0] && SUSPECTS.contains(&number) {
                        self.suspects[slot] += 1;
                    }
                    self.values.push(number);
                }
                Some(&Role::Text(place)) => {
                    self.texts[place].see(record.line, cell, &mut self.cells);
                }
                Some(Role::Stamp) => self.stamp(record.line, column, cell)?,
                Some(&Role::Part(_)) => self.part(record.line, column, cell)?,
                None => {
                    trailing = column == expected && cell.trim().is_empty();
                    if !trailing {
                        return Err(self.ragged(record));
                    }
                }
            }
            Ok(())
        })?;
        if found < expected || found > expected + 1 {
            return Err(self.ragged(record));
        }
        self.detection.trailing_delimiters += usize::from(trailing);
        if let Source::Parts(parts) = &self.source {
            let in_order = parts.in_unit_order(&self.part_values);
            let Some(stamp) = parts.stamp(&in_order) else {
                let (_, column) = parts.columns[parts.columns.len() - 1];
                let text = in_order
                    .iter()
                    .map(i64::to_string)
                    .collect::<Vec<_>>()
                    .join("-");
                let format = "a day of the calendar".to_owned();
                return Err(self.bad_stamp(record.line, column, &text, format));
            };
            self.part_stamps.push(stamp);
        }
        Ok(())
    }

    fn ragged(&self, record: &Record<'_>) -> ReadError {
        ReadError::Ragged {
            line: record.line,
            expected: self.names.len(),
            found: record.cells(),
            delimiter: self.detection.delimiter,
        }
    }

    /// A cell of a column of numbers that is not simply a number.
    #[cold]
    #[inline(never)]
    fn unusual(
        &mut self,
        line: u64,
        column: usize,
        slot: usize,
        cell: &str,
    ) -> Result<f32, ReadError> {
        match self.cells.read(cell) {
            Cell::Number(number) => Ok(number),
            Cell::Missing(_) => Ok(f32::NAN),
            Cell::NotFinite => Err(ReadError::NotFinite {
                line,
                column: column + 1,
                name: shorten(&self.names[column]),
                text: shorten(cell.trim()),
            }),
            Cell::Text => {
                // Whether the column is text as a whole is known at the end only.
                match &mut self.bad[slot] {
                    Some(bad) => bad.count += 1,
                    none => {
                        *none = Some(Bad {
                            line,
                            text: shorten(cell.trim()),
                            count: 1,
                        });
                    }
                }
                Ok(f32::NAN)
            }
        }
    }

    fn stamp(&mut self, line: u64, column: usize, cell: &str) -> Result<(), ReadError> {
        let Source::Column(stamps) = &mut self.source else {
            return Ok(());
        };
        if stamps.push(cell) {
            return Ok(());
        }
        let format = stamps.form();
        Err(self.bad_stamp(line, column, cell.trim(), format))
    }

    fn part(&mut self, line: u64, column: usize, cell: &str) -> Result<(), ReadError> {
        let Source::Parts(Parts { columns }) = &self.source else {
            return Ok(());
        };
        for &(unit, other) in columns {
            if other == column {
                let Some(number) = parts::number(unit, cell) else {
                    return Err(self.bad_stamp(
                        line,
                        column,
                        cell.trim(),
                        parts::form(unit).to_owned(),
                    ));
                };
                self.part_values.push(number);
                break;
            }
        }
        Ok(())
    }

    fn bad_stamp(&self, line: u64, column: usize, text: &str, format: String) -> ReadError {
        ReadError::BadStamp {
            line,
            column: column + 1,
            name: shorten(&self.names[column]),
            text: shorten(text),
            format,
        }
    }
}

impl Text {
    fn see(&mut self, line: u64, cell: &str, cells: &mut Cells) {
        let cell = cell.trim();
        match cells.peek(cell) {
            Cell::Number(_) => self.numbers += 1,
            Cell::Missing(_) => {}
            Cell::Text | Cell::NotFinite => {
                self.texts += 1;
                if self.first.is_none() {
                    self.first = Some((line, shorten(cell)));
                }
            }
        }
    }
}
