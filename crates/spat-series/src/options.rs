//! Options of reading and repairing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::frequency::Frequency;

/// How to read a file. The default detects everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// The byte between cells, or `None` to choose among `, ; tab |` from the first lines.
    pub delimiter: Option<u8>,
    /// Whether `1,5` is 1.5, or `None` to detect it from the first lines.
    pub decimal_comma: Option<bool>,
    /// Whether the first line holds names.
    pub header: HeaderRow,
    /// Further markers of missing values, in addition to the usual ones (an empty cell, NA, NaN, null, None, N/A,
    /// -, …), for example `-9999`. Compared as text after trimming, ignoring case, and also by value
    /// if the marker is a number. At most [`MOST_MARKERS`].
    pub missing: Vec<String>,
    /// Where the timestamps are.
    pub time_column: TimeColumn,
    /// How the time column is written, as a pattern of `strptime` such as `%d.%m.%Y %H:%M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// Whether 3/4/2020 is 3 April, or `None` to detect it from the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_first: Option<bool>,
    /// The zone of timestamps that name none, such as `Europe/Berlin` or `+01:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Lines above the table to skip, or `None` to detect them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<usize>,
    /// The prefix of comment lines, or `None` to detect it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Lines of names above the rows, or `None` to detect them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<usize>,
    /// The sheet of a workbook or the file of an archive; `None` takes the largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// How rows and columns are laid out.
    #[serde(skip_serializing_if = "Shape::is_default")]
    pub shape: Shape,
    /// The longest line (quoted line breaks included) in bytes; a longer one is an error.
    pub max_line_bytes: usize,
    /// The most columns; more are an error.
    pub max_columns: usize,
}

/// The most markers of missing values that [`ReadOptions::missing`] may have.
pub const MOST_MARKERS: usize = 1000;

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            decimal_comma: None,
            header: HeaderRow::Auto,
            missing: Vec::new(),
            time_column: TimeColumn::Auto,
            time_format: None,
            day_first: None,
            time_zone: None,
            skip: None,
            comment: None,
            header_rows: None,
            sheet: None,
            shape: Shape::Rows,
            max_line_bytes: 16 << 20,
            max_columns: 100_000,
        }
    }
}

/// How rows and columns are laid out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Shape {
    /// A row per time.
    #[default]
    Rows,
    /// A column per time: rows and columns are exchanged.
    Transposed,
    /// A row per year and a column per month or quarter.
    MonthsAcross,
    /// Long format: a row per series and time.
    Long(LongColumns),
}

impl Shape {
    fn is_default(&self) -> bool {
        *self == Self::Rows
    }
}

/// Names of the columns of a table in long format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongColumns {
    /// Which series a row belongs to.
    pub id: String,
    /// The time of the row.
    pub time: String,
    /// The values of the row.
    pub values: Vec<String>,
}

/// `ID,TIME,VALUE`, with more values after commas.
impl FromStr for LongColumns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names = text.split(',').map(|name| name.trim().to_owned());
        let (id, time, values): (_, _, Vec<_>) = (names.next(), names.next(), names.collect());
        match (id, time) {
            (Some(id), Some(time)) if !values.is_empty() => Ok(Self { id, time, values }),
            _ => Err(
                "the columns of series, time and value, such as unique_id,ds,y, are needed"
                    .to_owned(),
            ),
        }
    }
}

/// `ID,TIME,VALUE`.
impl fmt::Display for LongColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.id, self.time, self.values.join(","))
    }
}

/// Whether the first line holds names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HeaderRow {
    /// Detected by comparing the first line with those below it.
    #[default]
    Auto,
    /// The first line holds names.
    Present,
    /// The first line is data; columns are named `ch1`, `ch2`, … by their place in the file.
    Absent,
}

/// Where the timestamps are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TimeColumn {
    /// Detected by content.
    #[default]
    Auto,
    /// Nowhere: rows are numbered.
    None,
    /// In the column of this name.
    Named(String),
    /// In several columns of whole numbers.
    Parts(CalendarColumns),
}

/// Names of the columns that make up a timestamp; parts not named are the first (month, day) or 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CalendarColumns {
    /// Four-digit year.
    pub year: String,
    /// 1 to 4; used where there is no month.
    pub quarter: Option<String>,
    /// 1 to 12.
    pub month: Option<String>,
    /// 1 to 31.
    pub day: Option<String>,
    /// 0 to 23.
    pub hour: Option<String>,
    /// 0 to 59.
    pub minute: Option<String>,
    /// 0 to 59.
    pub second: Option<String>,
}

/// How to make a series of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesOptions {
    /// Channels to take, in this order; `None` takes every column of numbers.
    pub channels: Option<Vec<String>>,
    /// What to do about missing values.
    pub fill: Fill,
    /// What to do about timestamps out of order.
    pub unsorted: Unsorted,
    /// What to do about rows with the same timestamp.
    pub repeated: Repeated,
    /// What to do about gaps in the timestamps.
    pub gaps: Gaps,
    /// The most consecutive rows that [`Gaps::Insert`] inserts; a longer gap is left and cuts the
    /// series, see [`Series::cuts`](crate::Series::cuts). `None` is one season, or 96 rows where
    /// the step has no season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_fill: Option<usize>,
    /// The step of the table that a model was trained on, which is used if the timestamps fit it, even
    /// if they are too few to detect it. Not part of an experiment.
    #[serde(skip)]
    pub expected: Option<Frequency>,
}

impl SeriesOptions {
    /// Rows exactly as they are in the file, as in published results on benchmark files: repeated
    /// timestamps and gaps are kept, missing cells filled linearly.
    pub fn as_they_are() -> Self {
        Self {
            repeated: Repeated::Keep,
            gaps: Gaps::Keep,
            ..Self::default()
        }
    }
}

/// What to do about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Fill {
    /// Repeat the last value seen; before the first one, use it.
    Forward,
    /// Interpolate linearly, row by row, between the values around; beyond the first and last
    /// value, repeat them.
    #[default]
    Linear,
    /// Drop rows in which a chosen channel is missing. No rows are inserted into gaps then.
    Drop,
    /// Make it an error.
    Refuse,
}

/// What to do about timestamps out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Unsorted {
    /// Sort rows by time; rows with the same timestamp keep their order.
    #[default]
    Sort,
    /// Make it an error.
    Refuse,
}

/// What to do about rows with the same timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Repeated {
    /// Keep the first row of each timestamp.
    KeepFirst,
    /// Keep the last row of each timestamp.
    #[default]
    KeepLast,
    /// Take the mean of the values that exist, per channel.
    Mean,
    /// Make it an error.
    Refuse,
    /// Keep all rows.
    Keep,
}

/// What to do about gaps in the timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Gaps {
    /// Insert the missing rows and fill their values by [`Fill`], up to
    /// [`SeriesOptions::longest_fill`]. Timestamps that miss their step by a little are moved to it.
    /// An irregular series is left as it is, which [`Repairs`](crate::Repairs) reports.
    #[default]
    Insert,
    /// Keep the rows as they are.
    Keep,
    /// Make it an error.
    Refuse,
}
