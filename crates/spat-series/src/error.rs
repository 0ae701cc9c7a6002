//! Errors of reading, repairing and splitting.
//!
//! Every message ends with what to do. Lines and columns are counted from 1 as an editor shows
//! them; text from the file is cut to a readable length.

use thiserror::Error;

use crate::part::Part;

/// A file that cannot be read as a table.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No bytes, or only blank lines.
    #[error("the file is empty; export it again with a header line and one line per time step")]
    Empty,
    /// A header without a single row.
    #[error(
        "the file has a header ({columns} columns) but no rows; \
         add one line per time step below it"
    )]
    NoRows {
        /// Columns in the header.
        columns: usize,
    },
    /// Bytes that are not UTF-8 text.
    #[error(
        "line {line}: byte {offset} (0x{byte:02X}) is not UTF-8 text{}; \
         save the file as UTF-8 (in a spreadsheet: \"CSV UTF-8\") and read it again",
        if *.byte >= 0xA0 { ", but would be a letter or sign in Latin-1 or Windows-1252" } else { "" }
    )]
    NotUtf8 {
        /// Bytes before the invalid one.
        offset: usize,
        /// Line of the file.
        line: u64,
        /// The invalid byte.
        byte: u8,
    },
    /// A file that is not a table.
    #[error("this is {what}, not a table; {way_out}")]
    NotATable {
        /// What it is.
        what: &'static str,
        /// What to do.
        way_out: &'static str,
    },
    /// A container that cannot be opened.
    #[error(
        "the file begins as {what} and cannot be opened ({reason}); save it again, or export it as CSV"
    )]
    Damaged {
        /// The container.
        what: &'static str,
        /// The error of its reader.
        reason: String,
    },
    /// A workbook or an archive of several tables without the requested one.
    #[error(
        "{}; name one of {}",
        match .asked { Some(name) => format!("there is no sheet or file {name:?}"), None => "the file holds several tables".to_owned() },
        .available.join(", ")
    )]
    WhichTable {
        /// The requested sheet or file.
        asked: Option<String>,
        /// Those that exist, the list cut to a readable length.
        available: Vec<String>,
    },
    /// A table without a row per year and a column per month.
    #[error(
        "the table has no column of years with twelve columns of months or four of quarters after it; \
         read it as rows instead"
    )]
    NoMonthsAcross,
    /// Series in long format of which hardly two share a time.
    #[error(
        "{series} series with {times} times from {rows} rows would leave nearly all cells empty; name the \
         columns of series, time and value in this order (--long ID,TIME,VALUE)"
    )]
    SparseLong {
        /// Different cells in the column of series.
        series: usize,
        /// Different cells in the column of times.
        times: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// A NUL byte, so the file is not text.
    #[error(
        "line {line}: byte {offset} is NUL, so this is not a text table; \
         if it is a spreadsheet, an archive or compressed, unpack it or export it as CSV first"
    )]
    Nul {
        /// Bytes before the NUL.
        offset: usize,
        /// Line of the file.
        line: u64,
    },
    /// A record longer than allowed.
    #[error(
        "line {line} is longer than {limit} bytes; look for a quote that is never closed, \
         or raise `max_line_bytes`"
    )]
    LineTooLong {
        /// Line of the file where the record starts.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// More columns than allowed.
    #[error(
        "line {line} has more than {limit} columns; look for line ends that were lost, \
         transpose the table, or raise `max_columns`"
    )]
    TooManyColumns {
        /// Line of the file.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// More markers of missing values than allowed.
    #[error(
        "{found} markers of missing values are given, and at most {limit} are read; leave some out"
    )]
    TooManyMarkers {
        /// Markers that are given.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A row with more or fewer cells than the first line.
    #[error(
        "line {line} has {found} cells where the first line has {expected}; \
         complete the row, quote cells that contain {delimiter:?}, or set another delimiter"
    )]
    Ragged {
        /// Line of the file.
        line: u64,
        /// Cells in the first line.
        expected: usize,
        /// Cells in this line.
        found: usize,
        /// The delimiter in use.
        delimiter: char,
    },
    /// Text in a column of numbers.
    #[error(
        "line {line}, column {column} ({name:?}): {text:?} is not a number (cells of this column that \
         are none: {count}); correct them, name the text as a marker of missing values, or leave the \
         column out"
    )]
    NotANumber {
        /// Line of the first such cell.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// The cell, cut to a readable length.
        text: String,
        /// Such cells in the column.
        count: usize,
    },
    /// Numbers of several units in one column.
    #[error(
        "column {column} ({name:?}) mixes {first} and {second}; convert its numbers to one unit, or \
         leave the column out"
    )]
    MixedUnits {
        /// Column, from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// The unit of most cells.
        first: String,
        /// Another unit.
        second: String,
    },
    /// A number that a 32-bit float cannot hold, or an infinity.
    #[error(
        "line {line}, column {column} ({name:?}): {text:?} is not a finite 32-bit number; correct \
         it, use a larger unit, or set it as a marker of missing values"
    )]
    NotFinite {
        /// Line of the file.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// The cell, cut to a readable length.
        text: String,
    },
    /// A cell of the time column that is not a timestamp.
    #[error(
        "line {line}, column {column} ({name:?}): {text:?} is not a timestamp of the form \
         {format}; correct it, choose another time column, or read the file without one"
    )]
    BadTimestamp {
        /// Line of the file.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// The cell, cut to a readable length.
        text: String,
        /// The form that the column's other cells have.
        format: String,
    },
    /// A named time column in which no known form of timestamp is found.
    #[error(
        "column {column} ({name:?}) contains no timestamps of a known form, for example \
         {example:?}; write them as YYYY-MM-DD HH:MM:SS, name another column, or read the file \
         without a time column"
    )]
    NoTimestamps {
        /// Column, from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// A cell, cut to a readable length.
        example: String,
    },
    /// A pattern of timestamps that fits no column.
    #[error(
        "no column has timestamps written {pattern}{}; correct the pattern, or leave it out and let it be detected",
        .example.as_ref().map(|(name, cell)| format!("; column {name:?} begins with {cell:?}")).unwrap_or_default()
    )]
    PatternFitsNothing {
        /// The pattern.
        pattern: String,
        /// Name and first cell of a column that looks like times, the cell cut to a readable length.
        example: Option<(String, String)>,
    },
    /// A requested column that does not exist.
    #[error("there is no column {name:?}; the columns are {}", .available.join(", "))]
    UnknownColumn {
        /// The requested name.
        name: String,
        /// The existing names, the list cut to a readable length.
        available: Vec<String>,
    },
    /// An unknown time zone.
    #[error(
        "{name:?} is not a known time zone; use a name such as Europe/Berlin or an offset such as \
         +01:00"
    )]
    UnknownZone {
        /// The requested zone.
        name: String,
    },
    /// No column of numbers.
    #[error(
        "none of the {columns} columns holds numbers ({example}); \
         check the delimiter and the decimal sign"
    )]
    NoNumbers {
        /// Columns in the file.
        columns: usize,
        /// What the columns contain, cut to a readable length.
        example: String,
    },
    /// A delimiter that cannot separate cells.
    #[error(
        "{delimiter:?} cannot be a delimiter; use a comma, a semicolon, a tab, a vertical bar, \
         or leave it out to detect it"
    )]
    Delimiter {
        /// The requested delimiter.
        delimiter: char,
    },
}

impl ReadError {
    /// The line of the file that the error points at, from 1.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::NotUtf8 { line, .. }
            | Self::Nul { line, .. }
            | Self::LineTooLong { line, .. }
            | Self::TooManyColumns { line, .. }
            | Self::Ragged { line, .. }
            | Self::NotANumber { line, .. }
            | Self::NotFinite { line, .. }
            | Self::BadTimestamp { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// The column that the error points at, from 1.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::NotANumber { column, .. }
            | Self::MixedUnits { column, .. }
            | Self::NotFinite { column, .. }
            | Self::BadTimestamp { column, .. }
            | Self::NoTimestamps { column, .. } => Some(*column),
            _ => None,
        }
    }
}

/// A table that cannot become a series.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// A channel with cells that are not numbers.
    #[error(transparent)]
    Unreadable(ReadError),
    /// A requested channel that does not exist.
    #[error("there is no channel {name:?}{}; the channels are {}",
        if *.is_text { " (a column of that name holds text)" } else { "" }, .available.join(", "))]
    UnknownChannel {
        /// The requested name.
        name: String,
        /// Whether a text column has that name.
        is_text: bool,
        /// The existing names, the list cut to a readable length.
        available: Vec<String>,
    },
    /// A channel that was requested twice.
    #[error("channel {name:?} is requested twice; give each channel once")]
    ChannelTwice {
        /// The requested name.
        name: String,
    },
    /// An empty choice of channels.
    #[error("no channel is selected; give at least one, or leave the option out for all")]
    NoChannels,
    /// Only missing values.
    #[error(
        "every cell of {} is missing; choose other channels, or check the markers of missing \
         values", .channels.join(", ")
    )]
    AllMissing {
        /// The channels, the list cut to a readable length.
        channels: Vec<String>,
    },
    /// Every row has a missing value and was dropped.
    #[error(
        "each of the {rows} rows has a missing value, so dropping such rows leaves none; \
         fill them instead, or choose fewer channels"
    )]
    NoRowsLeft {
        /// Rows before.
        rows: usize,
    },
    /// A missing value where none is allowed.
    #[error(
        "row {row} ({label}), channel {channel:?} is missing, and {count} cells are; fill them \
         (forward or linear), drop their rows, or complete the file"
    )]
    Missing {
        /// Row, from 1, in time order.
        row: usize,
        /// The row's timestamp or number.
        label: String,
        /// The channel's name.
        channel: String,
        /// Missing cells in total.
        count: usize,
    },
    /// Timestamps out of order where they must ascend.
    #[error(
        "row {row} ({label}) is earlier than the row before it; allow sorting, or sort the file"
    )]
    NotSorted {
        /// Row, from 1, in file order.
        row: usize,
        /// The row's timestamp.
        label: String,
    },
    /// A repeated timestamp where none is allowed.
    #[error(
        "row {row} ({label}) repeats the timestamp of the row before it, and {count} rows do; keep \
         the first or the last of them, take their mean, or correct the file"
    )]
    RepeatedTimestamp {
        /// Row, from 1, in time order.
        row: usize,
        /// The row's timestamp.
        label: String,
        /// Rows that repeat a timestamp.
        count: usize,
    },
    /// So many repeats that keeping one of each would drop half of the table.
    #[error(
        "{rows} rows share {distinct} timestamps, and one row of each would be less than half of the table; give \
         each series columns of its own (pivot the table), keep one series of it, or take the \
         mean of repeated timestamps"
    )]
    Stacked {
        /// Rows in the table.
        rows: usize,
        /// Distinct timestamps among them.
        distinct: usize,
    },
    /// A gap in the timestamps where none is allowed.
    #[error(
        "{missing} rows are missing between {before} and {after}, where the step is {frequency}; \
         insert them, keep the rows as they are, or complete the file"
    )]
    Gap {
        /// Timestamp before the gap.
        before: String,
        /// Timestamp after it.
        after: String,
        /// Rows missing there.
        missing: u64,
        /// The step between rows.
        frequency: String,
    },
    /// Gaps so large that most of the series would be filled values.
    #[error(
        "filling the gaps at a step of {frequency} would turn {rows} rows into {would_be}; keep \
         the rows as they are, or cut the file to a stretch without long gaps"
    )]
    TooManyGaps {
        /// Rows in the table.
        rows: usize,
        /// Rows after filling.
        would_be: u64,
        /// The step between rows.
        frequency: String,
    },
    /// Values that are not `rows × channels`, or a row count that differs from the index.
    #[error("{values} values are not {rows} rows of {channels} channels; check their shape")]
    Shape {
        /// The number of values.
        values: usize,
        /// Rows of the index.
        rows: usize,
        /// The number of names.
        channels: usize,
    },
    /// A value that is not a finite number.
    #[error(
        "row {row}, channel {channel:?} is not a finite number; remove or fill such values before \
         making a series of them"
    )]
    NotFinite {
        /// Row, from 1.
        row: usize,
        /// The channel's name.
        channel: String,
    },
}

/// Rows that cannot be split as requested.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A look-back or horizon of 0.
    #[error("look-back {lookback} and horizon {horizon} must both be at least 1")]
    EmptyWindow {
        /// Requested input rows.
        lookback: usize,
        /// Requested target rows.
        horizon: usize,
    },
    /// Shares outside 0 to 1, or with another sum than 1.
    #[error(
        "train {train}, validation {val} and test {test} are not shares of a whole; \
         give three numbers from 0 to 1 that add up to 1, for example 0.7, 0.1 and 0.2"
    )]
    Fractions {
        /// The requested share.
        train: f64,
        /// The requested share.
        val: f64,
        /// The requested share.
        test: f64,
    },
    /// A rule that needs more rows than the table has.
    #[error(
        "the split needs {needed} rows and there are {rows}; \
         split by fractions instead, or request fewer rows"
    )]
    TooFewRows {
        /// Rows that the rule needs.
        needed: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// A part without room for one window.
    #[error(
        "the {part} part has {have} of {rows} rows and needs at least {need} for one window of \
         look-back {lookback} and horizon {horizon}; shorten the horizon{}, give the part a larger \
         share, or provide more rows", if *.part == Part::Train { " or the look-back" } else { "" }
    )]
    PartTooShort {
        /// The part.
        part: Part,
        /// Its rows.
        have: usize,
        /// Rows that one window needs.
        need: usize,
        /// Rows in total.
        rows: usize,
        /// Input rows of a window.
        lookback: usize,
        /// Target rows of a window.
        horizon: usize,
    },
    /// A part in which no window lies within one segment of the series.
    #[error(
        "the {part} part has {have} of {rows} rows{} and holds no window of look-back {lookback} and \
         horizon {horizon}; give the part a larger share or provide more rows",
        in_segments(*.segments, *.longest)
    )]
    NoWindow {
        /// The part.
        part: Part,
        /// Its rows.
        have: usize,
        /// Rows in total.
        rows: usize,
        /// Segments of the series.
        segments: usize,
        /// Rows of the longest segment.
        longest: usize,
        /// Input rows of a window.
        lookback: usize,
        /// Target rows of a window.
        horizon: usize,
    },
}

/// The segments of a series, where there are several.
fn in_segments(segments: usize, longest: usize) -> String {
    if segments < 2 {
        return String::new();
    }
    format!(", in a table of {segments} segments of at most {longest} rows between long gaps,")
}

/// `text` cut to a length that a message can hold.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The first of `names`, each shortened, and how many more there are.
pub(crate) fn shorten_list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Vec<String> {
    const MOST: usize = 12;
    let total = names.len();
    let mut list: Vec<String> = names.take(MOST).map(shorten).collect();
    if total > MOST {
        list.push(format!("and {} more", total - MOST));
    }
    list
}

/// The first few of a list, and how many more there are.
pub(crate) fn some(list: &[String]) -> String {
    shorten_list(list.iter().map(String::as_str)).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_file_is_cut() {
        assert_eq!(shorten("ärger"), "ärger");
        assert_eq!(shorten(&"ä".repeat(10_000)), "ä".repeat(40) + "…");
        let names = vec!["a"; 100];
        let list = shorten_list(names.iter().copied());
        assert_eq!(list.len(), 13);
        assert_eq!(list[12], "and 88 more");
    }
}
