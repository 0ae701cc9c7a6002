//! Time series from CSV bytes: reading, repairing, splitting, scaling, windows and measures.
//!
//! Data flows in one direction:
//!
//! ```text
//! bytes ─▶ Table ─▶ Series ─▶ Split + Scaler ─▶ Windows ─▶ … forecasts … ─▶ Metrics
//! ```
//!
//! * [`read_table`] detects how a file is written – delimiter, decimal comma, header, time
//!   column, missing markers – and reports in [`Detection`] what it found and why.
//! * [`Table::into_series`] makes a [`Series`] without gaps and counts every change in
//!   [`Repairs`]. Nothing is repaired silently.
//! * [`SplitRule`] cuts the rows in time order, [`Windows`] contains the rows of each example,
//!   [`Scaler`] is fitted on train rows only, [`MetricsStream`] accumulates errors of forecasts,
//!   and [`Baseline`] makes naive forecasts to compare with.
//!
//! The crate uses no files, threads, clocks or devices, and compiles for every target.
//!
//! # Example
//!
//! ```
//! use spat_series::{
//!     Part, ReadOptions, Scaler, SeriesOptions, SplitRule, Windows, read_table,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut csv = String::from("date;load;price\n");
//! for hour in 0..48 {
//!     csv += &format!("2024-01-{:02} {:02}:00;{},5;{}\n", 1 + hour / 24, hour % 24, hour, hour % 7);
//! }
//!
//! let table = read_table(csv.as_bytes(), &ReadOptions::default())?;
//! assert!(table.detection.decimal_comma);
//! let series = table.into_series(&SeriesOptions::default())?;
//! assert_eq!(series.channels, ["load", "price"]);
//! assert_eq!(series.index.frequency().to_string(), "1 h");
//!
//! let split = SplitRule::default().apply(series.rows(), 6, 2)?;
//! let scaler = Scaler::fit(&series, split.train.clone());
//! let scaled = scaler.transform(series.values());
//! let windows = Windows::of(&split, Part::Test, 6, 2);
//! for i in 0..windows.len() {
//!     let first = windows.start_row(i) * series.channel_count();
//!     let input = &scaled[first..first + windows.lookback * series.channel_count()];
//!     assert_eq!(input.len(), 6 * 2);
//! }
//! # Ok(())
//! # }
//! ```

mod baseline;
mod body;
mod calendar;
mod civil;
mod columns;
mod container;
mod delimiter;
mod detection;
mod encoding;
mod error;
mod fill;
mod frequency;
mod header;
mod index;
mod jitter;
mod layout;
mod metrics;
mod number;
mod options;
mod paired;
mod part;
mod plain_text;
mod precision;
mod reader;
mod records;
mod repair;
mod repairs;
mod reshape;
mod rows;
mod sample;
mod scaler;
mod series;
mod split;
mod suited;
mod table;
mod time;
mod unit;
mod windows;

pub use baseline::Baseline;
pub use calendar::Calendar;
pub use detection::{
    ColumnUnit, Detection, Footer, MarkerCount, OffsetColumn, RenamedColumn, RoundedColumn,
    Stacked, TextColumn, TimeDetection, UnreadTime,
};
pub use error::{ReadError, SeriesError, SplitError};
pub use frequency::Frequency;
pub use index::{TimeIndex, time_features};
pub use metrics::{
    ChannelMetrics, MetricSet, Metrics, MetricsStream, StepMetrics, WindowErrors, mase_scale,
};
pub use options::{
    CalendarColumns, Fill, Gaps, HeaderRow, LongColumns, MOST_MARKERS, ReadOptions, Repeated,
    SeriesOptions, Shape, TimeColumn, Unsorted,
};
pub use paired::{Outcome, PairedDifference, standard_error};
pub use part::Part;
pub use plain_text::{PlainText, is_plain_text, plain_text};
pub use precision::{format_with_offset, with_offset};
pub use reader::{column_names, read_table};
pub use repairs::{ChannelRepair, Gap, Repairs};
pub use scaler::Scaler;
pub use series::Series;
pub use split::{Split, SplitRule};
pub use suited::{FEWEST_VALIDATION_WINDOWS, WindowLengths};
pub use table::Table;
pub use unit::{TimeFormat, TimeUnit, WrittenZone, format_timestamp};
pub use windows::Windows;
