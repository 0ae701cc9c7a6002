//! The rows of a table, read cell by cell into the roles that their columns have.

use crate::{
    detection::{Detection, Footer},
    error::{ReadError, shorten},
    layout,
    number::{Cell, Cells, Format},
    options::ReadOptions,
    precision::{LARGE, Remainders},
    records::{Lines, Record, Records},
    sample::Sample,
    time::{
        find::{Found, Source},
        parts::{self, Unit},
    },
};

/// The most rows after the data that are skipped as a footer.
const MOST_FOOTER_ROWS: usize = 100;
/// Rows after which the size of the whole table is estimated.
const ESTIMATE_AFTER: usize = 64;

/// What the cells of a column are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A number, at this index of the row.
    Value(usize),
    /// A timestamp.
    Timestamp,
    /// A part of a timestamp.
    Part(Unit),
    /// A part of the time of day; the date is in another column.
    Clock(Unit),
    /// Text, at this index of [`Body::texts`].
    Text(usize),
    /// Ignored.
    Ignored,
}

/// Text in a column of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Bad {
    pub(crate) line: u64,
    pub(crate) text: String,
    pub(crate) count: usize,
}

/// A column of text, and the numbers found in it.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) column: usize,
    pub(crate) first: Option<(u64, String)>,
    pub(crate) texts: usize,
    pub(crate) numbers: usize,
}

/// The columns of a table as its first lines give them.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) delimiter: u8,
    /// Each different.
    pub(crate) names: Vec<String>,
    /// Records above the first row.
    pub(crate) skip: usize,
    /// Records of the sample that hold names.
    pub(crate) head: usize,
}

/// A table that is being read.
pub(crate) struct Body {
    delimiter: u8,
    pub(crate) names: Vec<String>,
    /// Records above the first row.
    skip: usize,
    roles: Vec<Role>,
    /// The names as in the file, for headers that are repeated between rows.
    header: Vec<String>,
    pub(crate) cells: Cells,
    /// How numbers are written, per slot.
    pub(crate) formats: Vec<Format>,
    pub(crate) source: Source,
    pub(crate) detection: Detection,
    pub(crate) rows: usize,
    /// `[rows × slots]` row-major, NaN for a missing cell.
    pub(crate) values: Vec<f32>,
    /// The column of each value of a row.
    pub(crate) slots: Vec<usize>,
    /// Per slot.
    pub(crate) bad: Vec<Option<Bad>>,
    pub(crate) texts: Vec<Text>,
    /// Digits of large numbers that an f32 loses, per slot.
    pub(crate) remainders: Vec<Remainders>,
    /// The smallest and the largest value per slot, when all rows are read.
    pub(crate) ranges: Vec<(f32, f32)>,
    /// Texts in columns of numbers in the row being read, by slot.
    row_texts: Vec<(usize, String)>,
    /// The calendar parts of the row being read.
    part_values: Vec<i64>,
    /// Seconds after midnight of the row being read.
    of_day: i64,
    pub(crate) part_timestamps: Vec<i64>,
    /// Empty rows at the end.
    pub(crate) blank_tail: usize,
}

impl Body {
    /// A table without rows. A column is text if the sample has text in it and no number.
    pub(crate) fn new(
        sample: &Sample,
        shape: Columns,
        found: Found,
        options: &ReadOptions,
        detection: Detection,
    ) -> Self {
        let Columns {
            delimiter,
            names,
            skip,
            head,
        } = shape;
        let cells = Cells::new(detection.decimal_comma, &options.missing);
        let asked = options.decimal_comma.is_some();
        let (mut slots, mut texts, mut formats) = (Vec::new(), Vec::new(), Vec::new());
        let Found {
            source,
            unread,
            repeated,
        } = found;
        let mut role = |column: usize| {
            match &source {
                Source::Column(times) if times.column == column => return Role::Timestamp,
                Source::Column(times) => {
                    if let Some((unit, _)) = times.clock.iter().find(|(_, c)| *c == column) {
                        return Role::Clock(*unit);
                    }
                }
                Source::Parts(parts) => {
                    if let Some((unit, _)) = parts.columns.iter().find(|(_, c)| *c == column) {
                        return Role::Part(*unit);
                    }
                }
                Source::Nowhere => {}
            }
            if repeated.contains(&column) || unread.iter().any(|(other, _)| *other == column) {
                return Role::Ignored;
            }
            let format = Format::of(sample.column(column, head), detection.decimal_comma, asked);
            let (mut numbers, mut others) = (0, 0);
            for cell in sample.column(column, head) {
                match cells.peek(cell, &format) {
                    Cell::Number(_) | Cell::NotFinite => numbers += 1,
                    Cell::Text => others += 1,
                    Cell::Missing(_) => {}
                }
            }
            if numbers == 0 && others > 0 && format.mixed.is_none() {
                texts.push(Text {
                    column,
                    first: None,
                    texts: 0,
                    numbers: 0,
                });
                return Role::Text(texts.len() - 1);
            }
            slots.push(column);
            formats.push(format);
            Role::Value(slots.len() - 1)
        };
        let roles = (0..names.len()).map(&mut role).collect();
        let mut detection = detection;
        detection.repeated_times = repeated
            .iter()
            .map(|&column| names[column].clone())
            .collect();
        detection.unread_times = unread.into_iter().map(|(_, unread)| unread).collect();
        Self {
            delimiter,
            skip,
            roles,
            header: sample.records[0].clone(),
            names,
            cells,
            formats,
            source,
            detection,
            rows: 0,
            values: Vec::new(),
            bad: vec![None; slots.len()],
            remainders: vec![Remainders::default(); slots.len()],
            slots,
            texts,
            ranges: Vec::new(),
            row_texts: Vec::new(),
            part_values: Vec::new(),
            of_day: 0,
            part_timestamps: Vec::new(),
            blank_tail: 0,
        }
    }

    /// Reads all rows of a text.
    pub(crate) fn read(
        &mut self,
        lines: &Lines<'_>,
        options: &ReadOptions,
    ) -> Result<(), ReadError> {
        let mut records = Records::new(lines, self.delimiter, options.max_line_bytes);
        let timed = !matches!(self.source, Source::Nowhere);
        let mut above = self.skip;
        let mut started = false;
        // Rows that may be a footer, and the error to return if a row follows.
        let mut footer: Option<(ReadError, u64, String, usize)> = None;
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
            match self.row(&record) {
                Ok(()) => {}
                Err(error) => {
                    self.undo_row();
                    if self.repeats_header(&record) {
                        self.detection.repeated_headers += 1;
                        continue;
                    }
                    let cells = record.to_vec();
                    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                    let known = footer.as_ref().map_or(0, |(.., rows)| *rows);
                    if known >= MOST_FOOTER_ROWS || !layout::is_footer(&cells, self.names.len()) {
                        return Err(footer.map_or(error, |(first, ..)| first));
                    }
                    let text = || {
                        cells
                            .iter()
                            .find(|c| !c.trim().is_empty())
                            .map_or("", |c| c.trim())
                    };
                    let (.., rows) =
                        footer.get_or_insert_with(|| (error, record.line, shorten(text()), 0));
                    *rows += 1;
                    continue;
                }
            }
            if let Some((error, ..)) = footer {
                return Err(error);
            }
            self.blank_tail = if blank { self.blank_tail + 1 } else { 0 };
            self.rows += 1;
            if self.rows == ESTIMATE_AFTER {
                // One growth to about the final size instead of a copy at each doubling.
                let read = (lines.text.len() - records.remaining()).max(1);
                let ratio = records.remaining() as f64 / read as f64;
                self.values
                    .reserve((self.values.len() as f64 * ratio * 1.01) as usize);
            }
        }
        self.detection.footer = footer.map(|(_, line, text, rows)| Footer { line, text, rows });
        self.detection.blank_lines += records.blank_lines;
        self.detection.comment_lines = records.comments;
        self.detection.crlf |= records.crlf;
        self.ranges = self.find_ranges();
        Ok(())
    }

    /// The smallest and the largest value per slot; infinities where there is none.
    fn find_ranges(&self) -> Vec<(f32, f32)> {
        let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); self.slots.len()];
        for row in self.values.chunks_exact(self.slots.len().max(1)) {
            for ((low, high), value) in ranges.iter_mut().zip(row) {
                *low = low.min(*value);
                *high = high.max(*value);
            }
        }
        ranges
    }

    /// Reads a row. After an error, [`Body::undo_row`] removes what was read of it.
    fn row(&mut self, record: &Record<'_>) -> Result<(), ReadError> {
        let expected = self.roles.len();
        let mut found = 0;
        let mut trailing = false;
        self.part_values.clear();
        self.of_day = 0;
        record.each(|column, cell| {
            found = column + 1;
            match self.roles.get(column) {
                Some(&Role::Value(slot)) => {
                    let number = match self.cells.plain_number(cell) {
                        Some(number) => number,
                        None => self.unusual(record.line, column, slot, cell)?,
                    };
                    if number.abs() >= LARGE {
                        let decimal_comma = self.formats[slot].decimal_comma;
                        self.remainders[slot].note(self.rows, number, cell, decimal_comma);
                    }
                    self.values.push(number);
                }
                Some(&Role::Text(place)) => {
                    self.texts[place].see(record.line, cell, &self.cells);
                }
                Some(Role::Timestamp) => self.timestamp(record.line, column, cell)?,
                Some(&Role::Part(unit)) => {
                    let number = self.part(record.line, column, unit, cell)?;
                    self.part_values.push(number);
                }
                Some(&Role::Clock(unit)) => {
                    let number = self.part(record.line, column, unit, cell)?;
                    self.of_day += parts::seconds(unit, number);
                }
                Some(Role::Ignored) => {}
                None => {
                    trailing = cell.trim().is_empty();
                    if !trailing {
                        return Err(self.ragged(record));
                    }
                }
            }
            Ok(())
        })?;
        if found < expected {
            return Err(self.ragged(record));
        }
        if !self.row_texts.is_empty() {
            self.texts_of_row(record)?;
        }
        self.detection.trailing_delimiters += usize::from(trailing);
        match &mut self.source {
            Source::Parts(parts) => {
                let in_order = parts.in_unit_order(&self.part_values);
                let Some(timestamp) = parts.timestamp(&in_order) else {
                    let (_, column) = parts.columns[parts.columns.len() - 1];
                    let text = in_order
                        .iter()
                        .map(i64::to_string)
                        .collect::<Vec<_>>()
                        .join("-");
                    let format = "a day of the calendar".to_owned();
                    return Err(self.bad_timestamp(record.line, column, &text, format));
                };
                self.part_timestamps.push(timestamp);
            }
            Source::Column(times) if !times.clock.is_empty() => times.of_day.push(self.of_day),
            _ => {}
        }
        Ok(())
    }

    /// Removes what was read of a line that is not a row.
    #[cold]
    fn undo_row(&mut self) {
        self.values.truncate(self.rows * self.slots.len());
        self.part_timestamps.truncate(self.rows);
        self.row_texts.clear();
        for remainders in &mut self.remainders {
            remainders.truncate(self.rows);
        }
        if let Source::Column(times) = &mut self.source {
            times.truncate(self.rows);
        }
    }

    /// Counts the texts in columns of numbers.
    ///
    /// # Errors
    /// The row repeats the header or contains totals, so it is not a row of data.
    #[cold]
    #[inline(never)]
    fn texts_of_row(&mut self, record: &Record<'_>) -> Result<(), ReadError> {
        let cells = record.to_vec();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        if self.repeats_header(record) || layout::is_footer(&cells, self.names.len()) {
            return Err(self.not_a_number(record.line, self.row_texts[0].clone(), 1));
        }
        for (slot, text) in self.row_texts.drain(..) {
            // Whether the whole column is text is only known at the end.
            match &mut self.bad[slot] {
                Some(bad) => bad.count += 1,
                none => {
                    *none = Some(Bad {
                        line: record.line,
                        text,
                        count: 1,
                    });
                }
            }
        }
        Ok(())
    }

    fn not_a_number(&self, line: u64, (slot, text): (usize, String), count: usize) -> ReadError {
        let column = self.slots[slot];
        ReadError::NotANumber {
            line,
            column: column + 1,
            name: shorten(&self.names[column]),
            text,
            count,
        }
    }

    /// Whether a row repeats the first line, as in concatenated files.
    fn repeats_header(&self, record: &Record<'_>) -> bool {
        let cells = record.to_vec();
        self.detection.header
            && cells.len() == self.header.len()
            && cells
                .iter()
                .zip(&self.header)
                .all(|(cell, name)| cell.trim() == name)
    }

    fn ragged(&self, record: &Record<'_>) -> ReadError {
        ReadError::Ragged {
            line: record.line,
            expected: self.names.len(),
            found: record.cells(),
            delimiter: self.detection.delimiter,
        }
    }

    /// A cell of a number column that is not a plain number.
    #[cold]
    #[inline(never)]
    fn unusual(
        &mut self,
        line: u64,
        column: usize,
        slot: usize,
        cell: &str,
    ) -> Result<f32, ReadError> {
        match self.cells.read(cell, &self.formats[slot]) {
            Cell::Number(number) => Ok(number),
            Cell::Missing(_) => Ok(f32::NAN),
            Cell::NotFinite => Err(ReadError::NotFinite {
                line,
                column: column + 1,
                name: shorten(&self.names[column]),
                text: shorten(cell.trim()),
            }),
            Cell::Text => {
                self.row_texts.push((slot, shorten(cell.trim())));
                Ok(f32::NAN)
            }
        }
    }

    fn timestamp(&mut self, line: u64, column: usize, cell: &str) -> Result<(), ReadError> {
        let Source::Column(times) = &mut self.source else {
            return Ok(());
        };
        if times.push(cell) {
            return Ok(());
        }
        let format = times.form();
        Err(self.bad_timestamp(line, column, cell.trim(), format))
    }

    fn part(&mut self, line: u64, column: usize, unit: Unit, cell: &str) -> Result<i64, ReadError> {
        parts::number(unit, cell).ok_or_else(|| {
            self.bad_timestamp(line, column, cell.trim(), parts::form(unit).to_owned())
        })
    }

    fn bad_timestamp(&self, line: u64, column: usize, text: &str, format: String) -> ReadError {
        ReadError::BadTimestamp {
            line,
            column: column + 1,
            name: shorten(&self.names[column]),
            text: shorten(text),
            format,
        }
    }
}

impl Text {
    fn see(&mut self, line: u64, cell: &str, cells: &Cells) {
        let cell = cell.trim();
        match cells.peek(cell, &Format::new(cells.decimal_comma)) {
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
