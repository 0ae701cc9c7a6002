//! The proleptic Gregorian calendar in whole numbers.
//!
//! A timestamp is a count of *civil seconds*: local time, counted from 1970-01-01 00:00:00 as if
//! every day had 86,400 seconds. No time zone is involved; timestamps with zones are converted to
//! UTC first.
//!
//! Source of the day arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"
//! (days_from_civil and civil_from_days).

/// Seconds in a civil day.
pub(crate) const DAY: i64 = 86_400;

/// A date and a time of day, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u32,
    /// 1 to 31.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
}

impl Civil {
    /// The civil time at `seconds` since 1970-01-01.
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        let (year, month, day) = from_days(seconds.div_euclid(DAY));
        let of_day = seconds.rem_euclid(DAY) as u32;
        Self {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }

    /// Whether the day is the last of its month.
    pub(crate) fn is_month_end(&self) -> bool {
        self.day == days_in_month(self.year, self.month)
    }

    /// Months since year 0, for differences.
    pub(crate) fn month_number(&self) -> i64 {
        self.year * 12 + i64::from(self.month) - 1
    }

    /// 1 to 366.
    pub(crate) fn day_of_year(&self) -> u32 {
        let days = to_days(self.year, self.month, self.day) - to_days(self.year, 1, 1);
        days as u32 + 1
    }
}

/// Days since 1970-01-01.
pub(crate) fn to_days(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a count of days since 1970-01-01.
fn from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Monday is 0, Sunday 6.
pub(crate) fn weekday(seconds: i64) -> u32 {
    // 1970-01-01 was a Thursday.
    (seconds.div_euclid(DAY) + 3).rem_euclid(7) as u32
}

/// 28 to 31; `month` is 1 to 12.
pub(crate) fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Civil seconds of a date, or `None` if the calendar has no such day.
pub(crate) fn date_seconds(year: i64, month: u32, day: u32) -> Option<i64> {
    let valid = (0..=9999).contains(&year)
        && (1..=12).contains(&month)
        && day >= 1
        && day <= days_in_month(year, month);
    valid.then(|| to_days(year, month, day) * DAY)
}

/// `timestamp` moved by whole months, its day set to `anchor_day` or to the month's last day.
pub(crate) fn add_months(timestamp: i64, months: i64, anchor_day: u32) -> i64 {
    let civil = Civil::from_seconds(timestamp);
    let number = civil.month_number() + months;
    let (year, month) = (number.div_euclid(12), number.rem_euclid(12) as u32 + 1);
    let day = anchor_day.min(days_in_month(year, month));
    to_days(year, month, day) * DAY + timestamp.rem_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(to_days(1970, 1, 1), 0);
        assert_eq!(to_days(2000, 3, 1), 11_017);
        assert_eq!(to_days(2016, 7, 1) * DAY, 1_467_331_200);
        assert_eq!(weekday(1_467_331_200), 4, "2016-07-01 was a Friday");
        assert_eq!(weekday(-1), 2, "1969-12-31 was a Wednesday");
        assert_eq!(Civil::from_seconds(1_467_331_200).day_of_year(), 183);
    }

    #[test]
    fn every_day_of_eight_centuries_returns() {
        let mut expected = to_days(1600, 1, 1);
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(to_days(year, month, day), expected);
                    assert_eq!(from_days(expected), (year, month, day));
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn no_such_day() {
        assert_eq!(date_seconds(2019, 2, 29), None);
        assert_eq!(date_seconds(2020, 13, 1), None);
        assert_eq!(date_seconds(2020, 1, 0), None);
        assert!(date_seconds(2020, 2, 29).is_some());
    }

    #[test]
    fn months_keep_their_anchor() {
        let jan31 = to_days(2020, 1, 31) * DAY + 3600;
        assert_eq!(add_months(jan31, 1, 31), to_days(2020, 2, 29) * DAY + 3600);
        assert_eq!(add_months(jan31, 2, 31), to_days(2020, 3, 31) * DAY + 3600);
    }
}
