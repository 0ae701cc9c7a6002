//! The fields of a time as they are read from a cell, and the timestamp that they make.

use crate::civil::{self, DAY};

/// The fields of a time in a cell, or in several of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Fields {
    pub(crate) year: Option<i64>,
    /// 1 or 2.
    pub(crate) half: Option<i64>,
    /// 1 to 4.
    pub(crate) quarter: Option<i64>,
    /// 1 to 12.
    pub(crate) month: Option<u32>,
    /// ISO week, 1 to 53.
    pub(crate) week: Option<u32>,
    /// ISO weekday, Monday is 1.
    pub(crate) weekday: Option<u32>,
    /// 1 to 366.
    pub(crate) day_of_year: Option<u32>,
    /// 1 to 31.
    pub(crate) day: Option<u32>,
    /// Civil seconds since 1970 where the cell counts from a fixed day; no other field is used then.
    pub(crate) since_1970: Option<i64>,
    /// Seconds after midnight; 86,400 is the midnight that ends the day.
    pub(crate) of_day: i64,
    /// Nanoseconds after the second, 0 to 999,999,999.
    pub(crate) nanosecond: u32,
    /// Seconds that the named zone is ahead of UTC.
    pub(crate) offset: Option<i64>,
    /// Whether the year has two digits.
    pub(crate) short_year: bool,
    /// Whether the cell holds the start and the end of an interval.
    pub(crate) interval: bool,
}

/// A timestamp read from a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp {
    /// Civil seconds since 1970-01-01; of UTC where a zone was named.
    pub(crate) seconds: i64,
    /// Nanoseconds after the second, 0 to 999,999,999.
    pub(crate) nanosecond: u32,
    /// Seconds that the named zone is ahead of UTC; `None` without a zone.
    pub(crate) offset: Option<i64>,
    /// Whether its year had two digits.
    pub(crate) short_year: bool,
    /// Whether it is the start of an interval.
    pub(crate) interval: bool,
}

impl Fields {
    /// The timestamp, or `None` where the calendar has no such day. Fields that were not read are the
    /// first of the year, month or week.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        let date = match self.since_1970 {
            Some(seconds) => seconds,
            None => self.date()?,
        };
        Some(Timestamp {
            seconds: date + self.of_day - self.offset.unwrap_or(0),
            nanosecond: self.nanosecond,
            offset: self.offset,
            short_year: self.short_year,
            interval: self.interval,
        })
    }

    /// The first second of the day.
    fn date(&self) -> Option<i64> {
        let year = self.year?;
        if let Some(week) = self.week {
            return week_seconds(year, week, self.weekday.unwrap_or(1));
        }
        if let Some(day) = self.day_of_year {
            let first = civil::date_seconds(year, 1, 1)?;
            let length = 365 + u32::from(civil::days_in_month(year, 2) == 29);
            return (1..=length)
                .contains(&day)
                .then(|| first + i64::from(day - 1) * DAY);
        }
        let month = match (self.month, self.quarter, self.half) {
            (Some(month), ..) => month,
            (None, Some(quarter), _) => {
                (1..=4).contains(&quarter).then(|| quarter as u32 * 3 - 2)?
            }
            (None, None, Some(half)) => (1..=2).contains(&half).then(|| half as u32 * 6 - 5)?,
            (None, None, None) => 1,
        };
        civil::date_seconds(year, month, self.day.unwrap_or(1))
    }
}

/// The first second of a day of an ISO week: week 1 is the week of 4 January, Monday is day 1.
fn week_seconds(year: i64, week: u32, weekday: u32) -> Option<i64> {
    let first = |year: i64| {
        let january_4 = civil::date_seconds(year, 1, 4)?;
        Some(january_4 - i64::from(civil::weekday(january_4)) * DAY)
    };
    let start = first(year)?;
    let weeks = (first(year + 1)? - start) / (7 * DAY);
    let known = (1..=weeks).contains(&i64::from(week)) && (1..=7).contains(&weekday);
    known.then(|| start + (i64::from(week) - 1) * 7 * DAY + (i64::from(weekday) - 1) * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::format_timestamp;

    #[test]
    fn iso_weeks() {
        let monday = |year, week| week_seconds(year, week, 1).map(format_timestamp);
        assert_eq!(monday(2019, 1).as_deref(), Some("2018-12-31 00:00:00"));
        assert_eq!(monday(2020, 53).as_deref(), Some("2020-12-28 00:00:00"));
        assert_eq!(monday(2019, 53), None);
        assert_eq!(monday(2021, 1).as_deref(), Some("2021-01-04 00:00:00"));
    }

    #[test]
    fn quarters_and_halves_outside_the_year() {
        for part in [0, 5] {
            let of = |quarter, half| {
                let fields = Fields {
                    year: Some(2020),
                    quarter,
                    half,
                    ..Fields::default()
                };
                fields.timestamp()
            };
            assert_eq!(of(Some(part), None), None);
            assert_eq!(of(None, Some(part)), None);
        }
    }

    #[test]
    fn days_of_the_year() {
        let day = |year, day_of_year| {
            let fields = Fields {
                year: Some(year),
                day_of_year: Some(day_of_year),
                ..Fields::default()
            };
            fields.timestamp().map(|t| format_timestamp(t.seconds))
        };
        assert_eq!(day(2020, 366).as_deref(), Some("2020-12-31 00:00:00"));
        assert_eq!(day(2019, 366), None);
    }
}
