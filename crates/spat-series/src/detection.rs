//! What was found out about a file, and why it was believed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::some;

/// How a file was read. Each `…_why` is a sentence for people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Detection {
    /// The character between cells.
    pub delimiter: char,
    /// Why that one.
    pub delimiter_why: String,
    /// Whether `1,5` was read as one and a half.
    pub decimal_comma: bool,
    /// Why.
    pub decimal_why: String,
    /// Whether the first line was read as names.
    pub header: bool,
    /// Why.
    pub header_why: String,
    /// Where the time stamps were found.
    pub time: TimeDetection,
    /// A column that only counts rows, set aside.
    pub row_number_column: Option<String>,
    /// Text read as missing, with counts.
    pub missing_markers: Vec<MarkerCount>,
    /// Numbers that look like markers of missing values and were read as numbers: name them in
    /// [`ReadOptions::missing`](crate::ReadOptions::missing) if they are.
    pub suspected_markers: Vec<MarkerCount>,
    /// Columns of text, set aside.
    pub text_columns: Vec<TextColumn>,
    /// Columns whose name was empty or taken.
    pub renamed: Vec<RenamedColumn>,
    /// Names that hold U+FFFD: characters that were lost before this file was written.
    pub replacement_in_header: Vec<String>,
    /// Cells of numbers with blanks around them.
    pub padded_cells: usize,
    /// Numbers with separators between thousands.
    pub grouped_numbers: usize,
    /// Blank lines, and rows without any cell filled in, passed over.
    pub blank_lines: usize,
    /// Rows that end with a delimiter more than the first line.
    pub trailing_delimiters: usize,
    /// Whether the file starts with a byte order mark.
    pub byte_order_mark: bool,
    /// Whether lines end with CR LF.
    pub crlf: bool,
}

/// Where the time stamps were found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum TimeDetection {
    /// Nowhere, or not asked for: rows are numbered.
    #[default]
    Rows,
    /// In one column.
    Column {
        /// The column's name.
        name: String,
        /// The form of its stamps, for example `YYYY-MM-DD HH:MM:SS`.
        format: String,
        /// Why this column and form, with what was left open.
        why: String,
        /// Whether another form fits as well, as day/month and month/day may.
        ambiguous: bool,
        /// Whether stamps named a time zone and were brought to UTC.
        utc: bool,
    },
    /// In several columns of whole numbers.
    Parts {
        /// Their names, from the year down.
        columns: Vec<String>,
    },
    /// In one column, but finer than the seconds that stamps are kept in: rows are numbered.
    TooFine {
        /// The column's name.
        name: String,
    },
}

/// A marker of missing values and how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerCount {
    /// The text as first seen; empty for an empty cell.
    pub marker: String,
    /// Cells that hold it.
    pub count: usize,
}

/// A column of text that was set aside.
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
    /// One plain sentence per finding, the usual ones included.
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
        let mut say = |line: String| lines.push(line);
        if let Some(name) = &self.row_number_column {
            say(format!(
                "Column {name:?} only counts rows and was set aside."
            ));
        }
        if !self.text_columns.is_empty() {
            let columns: Vec<String> = self
                .text_columns
                .iter()
                .map(|column| format!("{} (for example {:?})", column.name, column.example))
                .collect();
            say(format!("Columns of text set aside: {}.", some(&columns)));
        }
        let counts = |list: &[MarkerCount]| -> String {
            list.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        if !self.missing_markers.is_empty() {
            say(format!(
                "Read as missing: {}.",
                counts(&self.missing_markers)
            ));
        }
        if !self.suspected_markers.is_empty() {
            say(format!(
                "Read as numbers, but perhaps markers of missing values: {}.",
                counts(&self.suspected_markers)
            ));
        }
        for r in self.renamed.iter().take(12) {
            say(format!(
                "Column {} ({:?}) is called {:?}.",
                r.column, r.from, r.to
            ));
        }
        if self.renamed.len() > 12 {
            say(format!(
                "{} more columns were renamed.",
                self.renamed.len() - 12
            ));
        }
        if !self.replacement_in_header.is_empty() {
            say(format!(
                "Names with characters lost before this file was written: {}.",
                some(&self.replacement_in_header)
            ));
        }
        for (count, what) in [
            (self.padded_cells, "cells had blanks around their number"),
            (
                self.grouped_numbers,
                "numbers had separators between thousands",
            ),
            (self.blank_lines, "blank lines were passed over"),
            (
                self.trailing_delimiters,
                "rows ended with a delimiter too many",
            ),
        ] {
            if count > 0 {
                say(format!("{count} {what}."));
            }
        }
        if self.byte_order_mark {
            say("The file starts with a byte order mark.".to_owned());
        }
        if self.crlf {
            say("Lines end with CR LF.".to_owned());
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
                let utc = if *utc { ", brought to UTC" } else { "" };
                format!("Time column {name:?}, written {format}{utc}: {why}.")
            }
            Self::Parts { columns } => format!("Time from the columns {}.", columns.join(", ")),
            Self::TooFine { name } => format!(
                "Column {name:?} holds stamps finer than a second, which would fall together: \
                 rows are numbered."
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
