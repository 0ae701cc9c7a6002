//! The time index of a series, and the calendar features made from it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    civil::{self, Civil},
    frequency::Frequency,
    unit::{TimeFormat, TimeUnit},
};

/// The time of each row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeIndex {
    /// No time column: rows are numbered.
    Rows {
        /// The number of rows.
        count: usize,
    },
    /// One timestamp per row.
    #[serde(rename = "Stamps")]
    Timestamps {
        /// Counts of `format.unit` since 1970-01-01 00:00:00, civil time, in row order.
        #[serde(rename = "stamps")]
        timestamps: Vec<i64>,
        /// The step between most rows.
        frequency: Frequency,
        /// How they are counted and written.
        #[serde(default)]
        format: TimeFormat,
    },
}

impl TimeIndex {
    /// An index over `seconds` (civil seconds since 1970-01-01, ascending), its frequency detected.
    pub fn from_timestamps(seconds: Vec<i64>) -> Self {
        let frequency = Frequency::detect(&seconds);
        Self::Timestamps {
            timestamps: seconds,
            frequency,
            format: TimeFormat::default(),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Rows { count } => *count,
            Self::Timestamps { timestamps, .. } => timestamps.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The timestamp per row, a count of [`TimeFormat::unit`], or `None` for an index of row numbers.
    pub fn timestamps(&self) -> Option<&[i64]> {
        match self {
            Self::Rows { .. } => None,
            Self::Timestamps { timestamps, .. } => Some(timestamps),
        }
    }

    /// How timestamps are counted and written.
    pub fn format(&self) -> TimeFormat {
        match self {
            Self::Rows { .. } => TimeFormat::default(),
            Self::Timestamps { format, .. } => format.clone(),
        }
    }

    /// Civil seconds per row, rounded down, or `None` for an index of row numbers.
    pub fn seconds(&self) -> Option<Cow<'_, [i64]>> {
        match self {
            Self::Rows { .. } => None,
            Self::Timestamps {
                timestamps, format, ..
            } => Some(in_seconds(timestamps, format)),
        }
    }

    /// The step between rows; [`Frequency::Unknown`] for row numbers.
    pub fn frequency(&self) -> Frequency {
        match self {
            Self::Rows { .. } => Frequency::Unknown,
            Self::Timestamps { frequency, .. } => frequency.clone(),
        }
    }

    /// The step between rows as text, such as `1 h`, or `row number`.
    pub fn step_name(&self) -> String {
        match self {
            Self::Rows { .. } => "row number".to_owned(),
            Self::Timestamps { frequency, .. } => frequency.to_string(),
        }
    }

    /// The next `n` timestamps after the last one, in the same unit.
    ///
    /// `None` if the next timestamps are unknown: row numbers, an unknown frequency, no rows.
    /// Calendar steps keep the day of the month, shortened where a month is shorter.
    pub fn extend(&self, n: usize) -> Option<Vec<i64>> {
        let Self::Timestamps {
            timestamps,
            frequency,
            ..
        } = self
        else {
            return None;
        };
        let last = *timestamps.last()?;
        match *frequency {
            Frequency::Seconds(step) | Frequency::Nanoseconds(step) => {
                let step = i64::try_from(step).ok()?;
                (1..=n)
                    .map(|i| step.checked_mul(i as i64).and_then(|d| last.checked_add(d)))
                    .collect()
            }
            Frequency::Months(step) => {
                let anchor = self.anchor_day();
                Some(
                    (1..=n)
                        .map(|i| civil::add_months(last, i as i64 * i64::from(step), anchor))
                        .collect(),
                )
            }
            Frequency::Calendar(ref calendar) => {
                Some((1..=n).map(|i| calendar.after(last, i as i64)).collect())
            }
            Frequency::Unknown => None,
        }
    }

    /// The labels of the next `n` rows, as [`TimeIndex::label`] has them; empty where
    /// [`TimeIndex::extend`] cannot date them.
    pub fn extend_labels(&self, n: usize) -> Vec<String> {
        let format = self.format();
        let timestamps = self.extend(n).unwrap_or_default();
        timestamps.into_iter().map(|at| format.format(at)).collect()
    }

    /// The day of the month that calendar steps return to: 31 where every timestamp is a month's last
    /// day, else the latest day seen.
    pub(crate) fn anchor_day(&self) -> u32 {
        let timestamps = self.timestamps().unwrap_or(&[]);
        anchor_day(timestamps)
    }

    /// The label of a row: its timestamp as `2016-07-01 00:00:00`, or its number.
    pub fn label(&self, row: usize) -> String {
        match self {
            Self::Timestamps {
                timestamps, format, ..
            } if row < timestamps.len() => format.format(timestamps[row]),
            _ => row.to_string(),
        }
    }
}

fn in_seconds<'a>(timestamps: &'a [i64], format: &TimeFormat) -> Cow<'a, [i64]> {
    match format.unit {
        TimeUnit::Seconds => Cow::Borrowed(timestamps),
        TimeUnit::Nanoseconds => timestamps.iter().map(|&at| format.seconds(at)).collect(),
    }
}

pub(crate) fn anchor_day(timestamps: &[i64]) -> u32 {
    let mut latest = 1;
    let mut all_ends = !timestamps.is_empty();
    for &timestamp in timestamps {
        let civil = Civil::from_seconds(timestamp);
        latest = latest.max(civil.day);
        all_ends &= civil.is_month_end();
    }
    if all_ends { 31 } else { latest }
}

/// Calendar features of each timestamp, `[timestamps × 4]` row-major, each in −0.5 … 0.5:
/// hour / 23 − 0.5, day of the week (Monday 0) / 6 − 0.5, (day of the month − 1) / 30 − 0.5,
/// (day of the year − 1) / 365 − 0.5. They are in local time in the zone of `format`: of two tables
/// written as `08:00+02:00` and `06:00Z` the first has the hour 8.
///
/// Source: GluonTS `time_features_from_frequency_str` for the frequency "h", as used by
/// Time-Series-Library utils/timefeatures.py with `timeenc=1`.
pub fn time_features(timestamps: &[i64], format: &TimeFormat) -> Vec<f32> {
    let mut features = Vec::with_capacity(timestamps.len() * 4);
    for timestamp in timestamps
        .iter()
        .map(|&timestamp| format.local_seconds(timestamp))
    {
        let c = Civil::from_seconds(timestamp);
        let of = |value: u32, last: f64| (f64::from(value) / last - 0.5) as f32;
        features.extend([
            of(c.hour, 23.0),
            of(civil::weekday(timestamp), 6.0),
            of(c.day - 1, 30.0),
            of(c.day_of_year() - 1, 365.0),
        ]);
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        civil::{DAY, to_days},
        unit::{WrittenZone, format_timestamp},
    };

    #[test]
    fn features_of_the_first_ett_hours() {
        // 2016-07-01 00:00 is a Friday, the 183rd day of a leap year.
        let timestamps = [1_467_331_200, 1_467_331_200 + 13 * 3600];
        let features = time_features(&timestamps, &TimeFormat::default());
        let expected = [
            -0.5,
            4.0 / 6.0 - 0.5,
            -0.5,
            182.0 / 365.0 - 0.5,
            13.0 / 23.0 - 0.5,
            4.0 / 6.0 - 0.5,
            -0.5,
            182.0 / 365.0 - 0.5,
        ];
        for (got, want) in features.iter().zip(expected) {
            assert!((f64::from(*got) - want).abs() < 1e-7, "{got} {want}");
        }
        // The same local time, five hours behind UTC.
        let format = TimeFormat {
            zone: WrittenZone::Offset(-5 * 3600),
            ..TimeFormat::default()
        };
        let utc = timestamps.map(|timestamp| timestamp + 5 * 3600);
        assert_eq!(time_features(&utc, &format), features);
    }

    #[test]
    fn the_future_continues_the_step() {
        let hours = TimeIndex::from_timestamps(vec![0, 3600, 7200]);
        assert_eq!(hours.extend(2), Some(vec![10_800, 14_400]));
        let ends: Vec<i64> = [(2020, 1, 31), (2020, 2, 29), (2020, 3, 31), (2020, 4, 30)]
            .map(|(y, m, d)| to_days(y, m, d) * DAY)
            .to_vec();
        let months = TimeIndex::from_timestamps(ends);
        assert_eq!(months.frequency(), Frequency::Months(1));
        let next: Vec<String> = months
            .extend(2)
            .unwrap_or_default()
            .into_iter()
            .map(format_timestamp)
            .collect();
        assert_eq!(next, ["2020-05-31 00:00:00", "2020-06-30 00:00:00"]);
        assert_eq!(TimeIndex::Rows { count: 3 }.extend(2), None);
        assert_eq!(
            TimeIndex::from_timestamps(vec![0, 1, 3, 7, 15]).extend(1),
            None
        );
    }
}
