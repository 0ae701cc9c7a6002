//! What was detected in a file, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::some;
use crate::plain_text::PlainText;

/// How a file was read. Each `…_why` is a sentence for users.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Detection {
    /// The character between cells.
    pub delimiter: char,
    /// Why this one.
    pub delimiter_why: String,
    /// Whether `1,5` was read as 1.5.
    pub decimal_comma: bool,
    /// Why.
    pub decimal_why: String,
    /// Whether the first line was read as names.
    pub header: bool,
    /// Why.
    pub header_why: String,
    /// Where the timestamps were found.
    pub time: TimeDetection,
    /// A column that only counts rows, which was dropped.
    pub row_number_column: Option<String>,
    /// Text read as missing, with counts.
    pub missing_markers: Vec<MarkerCount>,
    /// Numbers that look like markers of missing values and were read as numbers. If they are markers, list them in
    /// [`ReadOptions::missing`](crate::ReadOptions::missing).
    pub suspected_markers: Vec<MarkerCount>,
    /// Columns of text, which were dropped.
    pub text_columns: Vec<TextColumn>,
    /// Columns whose name was empty or taken.
    pub renamed: Vec<RenamedColumn>,
    /// Names that hold U+FFFD: characters that were lost before this file was written.
    pub replacement_in_header: Vec<String>,
    /// Cells of numbers with blanks around them.
    pub padded_cells: usize,
    /// Numbers with separators between thousands.
    pub grouped_numbers: usize,
    /// Blank lines, and rows without any value, which were skipped.
    pub blank_lines: usize,
    /// Rows that end with a delimiter more than the first line.
    pub trailing_delimiters: usize,
    /// Columns that look like times and were not understood: neither times nor channels.
    #[serde(default)]
    pub unread_times: Vec<UnreadTime>,
    /// Further columns of times, which were dropped.
    #[serde(default)]
    pub repeated_times: Vec<String>,
    /// Another layout that the names suggest, as a sentence.
    #[serde(default)]
    pub layout: Option<String>,
    /// Rows that share timestamps, in a table with a column of text.
    #[serde(default)]
    pub stacked: Option<Stacked>,
    /// Units of columns, from a line of their own or from the cells.
    #[serde(default)]
    pub units: Vec<ColumnUnit>,
    /// Columns in which K, M or B mean thousands, millions or thousands of millions.
    #[serde(default)]
    pub multiplied: Vec<String>,
    /// Columns whose numbers have the other decimal sign than the rest of the table.
    #[serde(default)]
    pub other_decimal: Vec<String>,
    /// Columns that are kept as differences, because their numbers have more digits than an f32.
    #[serde(default)]
    pub offsets: Vec<OffsetColumn>,
    /// Columns whose numbers have more digits than differences keep.
    #[serde(default)]
    pub rounded: Vec<RoundedColumn>,
    /// What was skipped above the rows, one sentence each.
    #[serde(default)]
    pub passed_over: Vec<String>,
    /// Lines after the data that are not rows.
    #[serde(default)]
    pub footer: Option<Footer>,
    /// Lines between the rows that repeat the header.
    #[serde(default)]
    pub repeated_headers: usize,
    /// Comment lines.
    #[serde(default)]
    pub comment_lines: usize,
    /// Columns without a name and without a value.
    #[serde(default)]
    pub empty_columns: usize,
    /// The encoding of the text, where it is not UTF-8.
    #[serde(default)]
    pub encoding: Option<String>,
    /// The container of the table, if the file is not a text table.
    #[serde(default)]
    pub container: Option<String>,
    /// Whether the file starts with a byte order mark.
    pub byte_order_mark: bool,
    /// Whether lines end with CR LF.
    pub crlf: bool,
}

/// Where the timestamps were found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum TimeDetection {
    /// Nowhere, or not requested: rows are numbered.
    #[default]
    Rows,
    /// In one column.
    Column {
        /// The column's name.
        name: String,
        /// The form of its timestamps, for example `YYYY-MM-DD HH:MM:SS`.
        format: String,
        /// Why this column and form, and what is ambiguous.
        why: String,
        /// Whether another form fits as well, as day/month and month/day may.
        ambiguous: bool,
        /// Whether timestamps have a time zone and were converted to UTC.
        utc: bool,
        /// Seconds that the zone of all timestamps is ahead of UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<i64>,
    },
    /// In several columns of whole numbers.
    Parts {
        /// Their names, from the year down.
        columns: Vec<String>,
    },
    /// In one column, but with steps below a second in years that nanoseconds cannot count: rows are
    /// numbered.
    TooFine {
        /// The column's name.
        name: String,
    },
}

/// A column that looks like times and was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadTime {
    /// The column's name.
    pub name: String,
    /// The line of the first cell that was not understood.
    pub line: u64,
    /// That cell, cut to a readable length.
    pub example: String,
    /// The form that most cells have, where some have one.
    pub form: Option<String>,
    /// Whether the cells are times of day without a column of dates.
    pub time_of_day: bool,
}

impl UnreadTime {
    pub(crate) fn line(&self) -> String {
        let Self {
            name,
            line,
            example,
            ..
        } = self;
        match &self.form {
            _ if self.time_of_day => format!(
                "column {name:?} holds times of day (for example {example:?}) and no column holds \
                 their date"
            ),
            Some(form) => format!(
                "column {name:?} looks like a time, but line {line} ({example:?}) breaks its form {form}"
            ),
            None => format!(
                "column {name:?} looks like a time that is not understood, for example {example:?} \
                 (line {line})"
            ),
        }
    }
}

/// Rows that share timestamps, as in a table of several series in long format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stacked {
    /// Rows with a timestamp.
    pub rows: usize,
    /// Distinct timestamps among them.
    pub distinct: usize,
    /// The first column of text, which may name the series.
    pub text: String,
}

/// The unit of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUnit {
    /// The column's name.
    pub name: String,
    /// Its unit.
    pub unit: String,
}

/// A column whose numbers have more digits than a 32-bit float keeps: its values are kept as
/// differences to an offset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OffsetColumn {
    /// The column's name.
    pub name: String,
    /// What was subtracted from each value, and is added to results.
    pub offset: f64,
}

/// A column whose numbers have more digits than are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundedColumn {
    /// The column's name.
    pub name: String,
    /// Rows that differ from the row before them in the file and no longer do.
    pub steps: usize,
}

/// Lines after the data that were skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// The line of the first.
    pub line: u64,
    /// Its first filled cell, cut to a readable length.
    pub text: String,
    /// How many there are.
    pub rows: usize,
}

/// A marker of missing values and how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerCount {
    /// The text as first seen; empty for an empty cell.
    pub marker: String,
    /// Cells that hold it.
    pub count: usize,
}

/// A column of text that was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextColumn {
    /// The column's name.
    pub name: String,
    /// A value that shows what it holds, cut to a readable length.
    pub example: String,
}

/// A column that was given another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenamedColumn {
    /// Its place in the file, from 1.
    pub column: usize,
    /// The name in the file.
    pub from: String,
    /// The name it has now.
    pub to: String,
}

impl fmt::Display for MarkerCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marker = if self.marker.is_empty() {
            "empty cell"
        } else {
            &self.marker
        };
        write!(f, "{marker} ×{}", self.count)
    }
}

impl Detection {
    /// Records the container and the encoding of the text.
    pub fn describe(&mut self, plain: &PlainText<'_>) {
        self.container.clone_from(&plain.container);
        self.encoding.clone_from(&plain.encoding);
        self.byte_order_mark = plain.byte_order_mark;
    }

    /// What a user should know before using the table, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = (self.unread_times.iter())
            .map(|unread| {
                format!(
                    "{}; it is neither the time column nor a channel, and rows are numbered \
                     (--time-column NAME, --time-format PATTERN).",
                    unread.line()
                )
            })
            .collect();
        warnings.extend(self.layout.clone());
        if let TimeDetection::TooFine { name } = &self.time {
            warnings.push(format!(
                "the steps of time column {name:?} are shorter than a second, and its years are not \
                 between 1678 and 2262; rows are numbered."
            ));
        }
        if let Some(Stacked {
            rows,
            distinct,
            text,
        }) = &self.stacked
        {
            let time = match &self.time {
                TimeDetection::Column { name, .. } => name.as_str(),
                _ => "TIME",
            };
            warnings.push(format!(
                "{rows} rows share {distinct} timestamps; if column {text:?} names the series, give \
                 --long {text},{time},VALUE."
            ));
        }
        for RoundedColumn { name, steps } in &self.rounded {
            warnings.push(format!(
                "{name:?} has more digits than are kept: {steps} changes from row to row are lost."
            ));
        }
        warnings
    }

    /// What is in the file but in no series made from it, one phrase each.
    pub fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        let mut push = |what: String| lost.push(what);
        let names = |list: &[String]| some(list);
        let texts: Vec<String> = self
            .text_columns
            .iter()
            .map(|text| text.name.clone())
            .collect();
        let unread: Vec<String> = self
            .unread_times
            .iter()
            .map(|time| time.name.clone())
            .collect();
        for (what, list) in [
            ("columns of text", &texts),
            (
                "columns that look like times and were not understood",
                &unread,
            ),
            ("further columns of times", &self.repeated_times),
        ] {
            if !list.is_empty() {
                push(format!("{what}: {}", names(list)));
            }
        }
        if let Some(name) = &self.row_number_column {
            push(format!("the column that counts rows: {name}"));
        }
        if let TimeDetection::TooFine { name } = &self.time {
            push(format!("times finer than a second: {name}"));
        }
        if let Some(Footer { line, rows, .. }) = &self.footer {
            push(format!("rows after the data: {rows}, from line {line}"));
        }
        for (count, what) in [
            (self.comment_lines, "comment lines"),
            (self.repeated_headers, "lines that repeat the header"),
            (self.empty_columns, "columns without a name and a value"),
        ] {
            if count > 0 {
                push(format!("{what}: {count}"));
            }
        }
        for RoundedColumn { name, steps } in &self.rounded {
            push(format!("digits of {name}: {steps} changes from row to row"));
        }
        lost
    }

    /// One sentence per finding, including the usual ones.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "Delimiter {}: {}.",
                delimiter_name(self.delimiter),
                self.delimiter_why
            ),
            format!(
                "Decimal {}: {}.",
                if self.decimal_comma { "comma" } else { "point" },
                self.decimal_why
            ),
            format!(
                "{}: {}.",
                if self.header {
                    "First line is a header"
                } else {
                    "No header"
                },
                self.header_why
            ),
            self.time.line(),
        ];
        lines.extend(
            self.warnings()
                .into_iter()
                .map(|warning| format!("Warning: {warning}")),
        );
        let mut push = |line: String| lines.push(line);
        if let Some(container) = &self.container {
            push(format!("The table comes from {container}."));
        }
        if let Some(encoding) = &self.encoding {
            push(format!("The text is {encoding}."));
        }
        for line in &self.passed_over {
            push(line.clone());
        }
        if let Some(Footer { line, text, rows }) = &self.footer {
            let rows = if *rows == 1 {
                "1 row".to_owned()
            } else {
                format!("{rows} rows")
            };
            push(format!(
                "{rows} after the data skipped, from line {line} ({text:?})."
            ));
        }
        if !self.repeated_times.is_empty() {
            push(format!(
                "Further columns of times, not used: {}.",
                some(&self.repeated_times)
            ));
        }
        if !self.units.is_empty() {
            let units: Vec<String> = self
                .units
                .iter()
                .map(|u| format!("{} {}", u.name, u.unit))
                .collect();
            push(format!("Units: {}.", some(&units)));
        }
        if !self.multiplied.is_empty() {
            push(format!(
                "K, M and B read as thousands, millions and thousands of millions in {}.",
                some(&self.multiplied)
            ));
        }
        if !self.other_decimal.is_empty() {
            let sign = if self.decimal_comma { "point" } else { "comma" };
            push(format!(
                "Numbers with a decimal {sign}: {}.",
                some(&self.other_decimal)
            ));
        }
        for OffsetColumn { name, offset } in &self.offsets {
            push(format!(
                "The numbers of {name:?} have more digits than a 32-bit float: {offset} is subtracted \
                 from them and added to results."
            ));
        }
        if let Some(name) = &self.row_number_column {
            push(format!("Column {name:?} only counts rows and is not used."));
        }
        if !self.text_columns.is_empty() {
            let columns: Vec<String> = self
                .text_columns
                .iter()
                .map(|column| format!("{} (for example {:?})", column.name, column.example))
                .collect();
            push(format!("Columns of text, not used: {}.", some(&columns)));
        }
        let counts = |list: &[MarkerCount]| -> String {
            list.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        if !self.missing_markers.is_empty() {
            push(format!(
                "Read as missing: {}.",
                counts(&self.missing_markers)
            ));
        }
        if !self.suspected_markers.is_empty() {
            let flags: Vec<String> = (self.suspected_markers.iter())
                .map(|marker| format!("--missing {}", marker.marker))
                .collect();
            push(format!(
                "Read as numbers, but perhaps markers of missing values: {} ({}).",
                counts(&self.suspected_markers),
                flags.join(" ")
            ));
        }
        for r in self.renamed.iter().take(12) {
            push(format!(
                "Column {} ({:?}) is called {:?}.",
                r.column, r.from, r.to
            ));
        }
        if self.renamed.len() > 12 {
            push(format!(
                "{} more columns were renamed.",
                self.renamed.len() - 12
            ));
        }
        if !self.replacement_in_header.is_empty() {
            push(format!(
                "Names with characters lost before this file was written: {}.",
                some(&self.replacement_in_header)
            ));
        }
        for (count, what) in [
            (self.padded_cells, "Cells with blanks around their number"),
            (
                self.grouped_numbers,
                "Numbers with separators between thousands",
            ),
            (self.blank_lines, "Blank lines that were skipped"),
            (self.comment_lines, "Comment lines that were skipped"),
            (
                self.repeated_headers,
                "Lines that repeat the header and were skipped",
            ),
            (
                self.empty_columns,
                "Columns without a name and a value that were skipped",
            ),
            (
                self.trailing_delimiters,
                "Rows with a delimiter too many at their end",
            ),
        ] {
            if count > 0 {
                push(format!("{what}: {count}."));
            }
        }
        if self.byte_order_mark {
            push("The file starts with a byte order mark.".to_owned());
        }
        if self.crlf {
            push("Lines end with CR LF.".to_owned());
        }
        lines
    }
}

impl TimeDetection {
    fn line(&self) -> String {
        match self {
            Self::Rows => "No time column: rows are numbered.".to_owned(),
            Self::Column {
                name,
                format,
                why,
                utc,
                ..
            } => {
                let utc = if *utc { ", converted to UTC" } else { "" };
                format!("Time column {name:?}, written {format}{utc}: {why}.")
            }
            Self::Parts { columns } => format!("Time from the columns {}.", columns.join(", ")),
            Self::TooFine { name } => format!(
                "Column {name:?} has steps shorter than a second outside the years 1678 to 2262: rows \
                 are numbered."
            ),
        }
    }
}

fn delimiter_name(delimiter: char) -> String {
    match delimiter {
        ',' => "comma".to_owned(),
        ';' => "semicolon".to_owned(),
        '\t' => "tab".to_owned(),
        '|' => "vertical bar".to_owned(),
        other => format!("{other:?}"),
    }
}
