//! How a table is read, repaired and split.

use clap::Args;
use spat_series::{
    Fill, Gaps, HeaderRow, LongColumns, ReadOptions, Repeated, SeriesOptions, Shape, SplitRule,
    TimeColumn, Unsorted,
};

use super::values::{count, delimiter, one_of, split, split_rows, time_column};

/// Options that override the detection.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Reading the table")]
pub(crate) struct ReadArgs {
    /// Channels to use, in this order [default: all columns of numbers]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) channels: Option<Vec<String>>,

    /// Further marker of missing values, such as -9999; may be repeated
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) missing: Vec<String>,

    /// Character between cells: one character, or comma, semicolon, tab, bar [default: detected]
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,

    /// Read 1,5 as 1.5 [default: detected]
    #[arg(long, overrides_with = "decimal_point")]
    pub(crate) decimal_comma: bool,

    /// Read no comma as a decimal sign [default: detected]
    #[arg(long)]
    pub(crate) decimal_point: bool,

    /// Whether the first line holds names [default: detected]
    #[arg(long, value_name = "WHICH", value_parser = one_of(HEADERS))]
    pub(crate) header: Option<HeaderRow>,

    /// Column of the timestamps, or `none` to number the rows [default: detected]
    #[arg(long, value_name = "NAME", value_parser = time_column)]
    pub(crate) time_column: Option<TimeColumn>,

    /// How the time column is written, such as %d.%m.%Y %H:%M [default: detected]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) time_format: Option<String>,

    /// Read 3/4/2020 as 3 April [default: detected]
    #[arg(long, overrides_with = "month_first")]
    pub(crate) day_first: bool,

    /// Read 3/4/2020 as 4 March [default: detected]
    #[arg(long)]
    pub(crate) month_first: bool,

    /// Zone of timestamps without one, such as Europe/Berlin or +01:00 [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) time_zone: Option<String>,

    /// Lines above the table to skip [default: detected]
    #[arg(long, value_name = "LINES")]
    pub(crate) skip: Option<usize>,

    /// Prefix of comment lines [default: detected]
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    /// Lines of names above the rows [default: detected]
    #[arg(long, value_name = "LINES", value_parser = count)]
    pub(crate) header_rows: Option<usize>,

    /// Sheet of a workbook, or file of an archive [default: the largest sheet, the only file]
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,

    /// Exchange rows and columns: the table has a column per time
    #[arg(long, conflicts_with_all = ["months_across", "long"])]
    pub(crate) transpose: bool,

    /// Read a row per year and a column per month or quarter as one series
    #[arg(long, conflicts_with = "long")]
    pub(crate) months_across: bool,

    /// Columns of a table in long format: series, time, value; more values may follow
    #[arg(long, value_name = "ID,TIME,VALUE")]
    pub(crate) long: Option<LongColumns>,

    /// Missing values: repeat the last one, interpolate, drop the row, refuse [default: linear]
    #[arg(long, value_name = "HOW", value_parser = one_of(FILLS))]
    pub(crate) fill: Option<Fill>,

    /// Gaps in the time index: insert rows, keep the gaps, refuse [default: insert]
    #[arg(long, value_name = "HOW", value_parser = one_of(GAPS))]
    pub(crate) gaps: Option<Gaps>,

    /// Most rows that are inserted into one gap; a longer one is left, and no window crosses it
    /// [default: one season, or 96]
    #[arg(long, value_name = "ROWS")]
    pub(crate) longest_fill: Option<usize>,

    /// Rows with the same timestamp [default: keep-last]
    #[arg(long, value_name = "HOW", value_parser = one_of(REPEATS))]
    pub(crate) repeated: Option<Repeated>,

    /// Rows out of time order [default: sort]
    #[arg(long, value_name = "HOW", value_parser = one_of(ORDERS))]
    pub(crate) unsorted: Option<Unsorted>,
}

/// How the rows are divided.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Splitting the rows")]
pub(crate) struct SplitArgs {
    /// Shares of train, validation and test, or ett-hourly, ett-quarter-hourly [default: 0.7,0.1,0.2]
    #[arg(long, value_name = "SHARES", value_parser = split)]
    pub(crate) split: Option<SplitRule>,

    /// Rows of train, validation and test, counted from the first row
    #[arg(long, value_name = "ROWS", value_parser = split_rows, conflicts_with = "split")]
    pub(crate) split_rows: Option<SplitRule>,
}

const HEADERS: &[(&str, HeaderRow)] = &[
    ("auto", HeaderRow::Auto),
    ("present", HeaderRow::Present),
    ("absent", HeaderRow::Absent),
];

const FILLS: &[(&str, Fill)] = &[
    ("forward", Fill::Forward),
    ("linear", Fill::Linear),
    ("drop", Fill::Drop),
    ("refuse", Fill::Refuse),
];

const GAPS: &[(&str, Gaps)] = &[
    ("insert", Gaps::Insert),
    ("keep", Gaps::Keep),
    ("refuse", Gaps::Refuse),
];

const REPEATS: &[(&str, Repeated)] = &[
    ("keep-first", Repeated::KeepFirst),
    ("keep-last", Repeated::KeepLast),
    ("mean", Repeated::Mean),
    ("refuse", Repeated::Refuse),
    ("keep", Repeated::Keep),
];

const ORDERS: &[(&str, Unsorted)] = &[("sort", Unsorted::Sort), ("refuse", Unsorted::Refuse)];

impl ReadArgs {
    /// Overrides `read` and `series` with the given options.
    pub(crate) fn apply(&self, read: &mut ReadOptions, series: &mut SeriesOptions) {
        read.missing.extend(self.missing.iter().cloned());
        read.delimiter = self.delimiter.or(read.delimiter);
        if self.decimal_comma || self.decimal_point {
            read.decimal_comma = Some(self.decimal_comma);
        }
        put(&mut read.header, self.header);
        put(&mut read.time_column, self.time_column.clone());
        if self.day_first || self.month_first {
            read.day_first = Some(self.day_first);
        }
        for (place, given) in [
            (&mut read.time_format, &self.time_format),
            (&mut read.time_zone, &self.time_zone),
            (&mut read.comment, &self.comment),
            (&mut read.sheet, &self.sheet),
        ] {
            if given.is_some() {
                place.clone_from(given);
            }
        }
        read.skip = self.skip.or(read.skip);
        read.header_rows = self.header_rows.or(read.header_rows);
        let shape = match &self.long {
            Some(long) => Some(Shape::Long(long.clone())),
            None if self.transpose => Some(Shape::Transposed),
            None => self.months_across.then_some(Shape::MonthsAcross),
        };
        put(&mut read.shape, shape);
        if self.channels.is_some() {
            series.channels.clone_from(&self.channels);
        }
        put(&mut series.fill, self.fill);
        put(&mut series.gaps, self.gaps);
        series.longest_fill = self.longest_fill.or(series.longest_fill);
        put(&mut series.repeated, self.repeated);
        put(&mut series.unsorted, self.unsorted);
    }
}

impl SplitArgs {
    /// The requested split.
    pub(crate) fn rule(&self) -> Option<SplitRule> {
        self.split.or(self.split_rows)
    }
}

fn put<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}
