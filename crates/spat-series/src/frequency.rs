//! The time step between the rows of a series.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    calendar::Calendar,
    civil::{Civil, DAY, add_months},
    unit::{NANOSECONDS, TimeUnit},
};

/// The step from one timestamp to the next.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Frequency {
    /// A fixed number of seconds.
    Seconds(u64),
    /// A fixed number of nanoseconds, of timestamps that are counted in them.
    Nanoseconds(u64),
    /// A fixed number of seconds within sessions that repeat from week to week.
    Calendar(Calendar),
    /// A number of calendar months: 1 month, 3 a quarter, 12 a year.
    Months(u32),
    /// No step covers at least half of the distances between timestamps.
    Unknown,
}

impl Frequency {
    /// The most frequent step of `timestamps` (civil seconds, ascending; repeats are ignored).
    ///
    /// A calendar step counts where the day of the month stays the same or both timestamps are a
    /// month's last day. Calendar months are preferred to fixed seconds where they explain at least as
    /// many distances, so that monthly, quarterly and yearly timestamps are recognised. Where parts
    /// of every week have no rows, the step is a [`Frequency::Calendar`]. The step is
    /// [`Frequency::Unknown`] when it explains less than half of the distances.
    pub fn detect(timestamps: &[i64]) -> Self {
        Self::detect_in(timestamps, TimeUnit::Seconds)
    }

    /// As [`Frequency::detect`], of timestamps in `unit`. Nanoseconds have no calendar.
    pub(crate) fn detect_in(timestamps: &[i64], unit: TimeUnit) -> Self {
        let mut seconds: HashMap<u64, usize> = HashMap::new();
        let mut months: HashMap<u64, usize> = HashMap::new();
        let mut steps = 0;
        for pair in timestamps.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            if after <= before {
                continue;
            }
            steps += 1;
            *seconds.entry(after.abs_diff(before)).or_default() += 1;
            if unit == TimeUnit::Seconds
                && let Some(step) = month_step(before, after)
            {
                *months.entry(step.into()).or_default() += 1;
            }
        }
        let best_second = mode(&seconds);
        if unit == TimeUnit::Nanoseconds {
            let usual = best_second.filter(|(_, count)| count * 2 >= steps);
            return usual.map_or(Self::Unknown, |(step, _)| Self::Nanoseconds(step));
        }
        let best_month = mode(&months);
        match (best_month, best_second) {
            (Some((step, count)), second)
                if count * 2 >= steps && second.is_none_or(|(_, other)| count >= other) =>
            {
                Self::Months(step as u32)
            }
            (_, Some((step, count))) if count * 2 >= steps => {
                // Monday, Wednesday and Friday are mostly two days apart.
                let calendar_step = if (DAY as u64..7 * DAY as u64).contains(&step) {
                    DAY as u64
                } else {
                    step
                };
                Calendar::detect(timestamps, calendar_step)
                    .map_or(Self::Seconds(step), Self::Calendar)
            }
            _ => {
                let step = seconds
                    .keys()
                    .fold(0, |a, &b| greatest_common_divisor(a, b));
                let calendar = Some(step).filter(|step| *step >= 60);
                calendar
                    .and_then(|step| Calendar::detect(timestamps, step))
                    .map_or(Self::Unknown, Self::Calendar)
            }
        }
    }

    /// The season that a forecaster's baseline assumes, in rows; 1 means none.
    ///
    /// Steps from 1 minute to 12 hours that divide a day give the rows of a day (1 h 24, 30 min
    /// 48, 15 min 96, 10 min 144, 5 min 288); a day gives 7, a week 52, a month 12, a quarter 4,
    /// and everything else 1. A calendar gives the rows of an open day, or of a week where a day has
    /// one row. The same defaults as the `freq` aliases of Nixtla's and GluonTS's
    /// libraries.
    pub fn season_length(&self) -> usize {
        const DAY_SECONDS: u64 = DAY as u64;
        match *self {
            Self::Calendar(ref calendar) => calendar.season_length(),
            Self::Nanoseconds(step) if step.is_multiple_of(NANOSECONDS as u64) => {
                Self::Seconds(step / NANOSECONDS as u64).season_length()
            }
            Self::Seconds(DAY_SECONDS) => 7,
            Self::Seconds(step) if step == 7 * DAY_SECONDS => 52,
            Self::Seconds(step)
                if (60..=DAY_SECONDS / 2).contains(&step) && DAY_SECONDS.is_multiple_of(step) =>
            {
                (DAY_SECONDS / step) as usize
            }
            Self::Months(1) => 12,
            Self::Months(3) => 4,
            _ => 1,
        }
    }

    /// Whole steps between two timestamps, or `None` if `after` is off the grid or not later.
    pub(crate) fn steps_between(&self, before: i64, after: i64) -> Option<u64> {
        match *self {
            Self::Calendar(ref calendar) => calendar.steps_between(before, after),
            Self::Seconds(step) | Self::Nanoseconds(step) if after > before && step > 0 => {
                let distance = after.abs_diff(before);
                distance.is_multiple_of(step).then_some(distance / step)
            }
            Self::Months(step) if step > 0 => {
                let months = month_step(before, after)?;
                months
                    .is_multiple_of(step)
                    .then_some(u64::from(months / step))
            }
            _ => None,
        }
    }
}

impl Frequency {
    /// The unit of the timestamps that have this step; `None` for any.
    pub(crate) fn unit(&self) -> Option<TimeUnit> {
        match self {
            Self::Seconds(_) | Self::Calendar(_) | Self::Months(_) => Some(TimeUnit::Seconds),
            Self::Nanoseconds(_) => Some(TimeUnit::Nanoseconds),
            Self::Unknown => None,
        }
    }

    /// Steps from `before` to `after`, rounded down where `after` is off the grid.
    pub(crate) fn steps_covered(&self, before: i64, after: i64) -> u64 {
        let distance = u64::try_from(after.saturating_sub(before)).unwrap_or(0);
        match *self {
            Self::Seconds(step) | Self::Nanoseconds(step) => distance / step.max(1),
            Self::Calendar(ref calendar) => calendar.steps_covered(before, after),
            Self::Months(step) => {
                let number = |timestamp| Civil::from_seconds(timestamp).month_number();
                let months = u64::try_from(number(after) - number(before)).unwrap_or(0);
                months / u64::from(step.max(1))
            }
            Self::Unknown => 0,
        }
    }

    /// Whether every one of `timestamps` follows its predecessor by whole steps, and most by one.
    pub(crate) fn explains(&self, timestamps: &[i64], unit: TimeUnit) -> bool {
        if self.unit() != Some(unit) {
            return false;
        }
        let (mut pairs, mut single) = (0, 0);
        for pair in timestamps.windows(2).filter(|pair| pair[0] != pair[1]) {
            match self.steps_between(pair[0], pair[1]) {
                Some(steps) => single += usize::from(steps == 1),
                None => return false,
            }
            pairs += 1;
        }
        single * 2 > pairs
    }
}

impl Frequency {
    /// The timestamp `steps` steps after `before`; calendar steps return to `anchor_day`. Saturates at
    /// the ends of the range.
    pub(crate) fn after(&self, before: i64, steps: i64, anchor_day: u32) -> i64 {
        match *self {
            Self::Seconds(step) | Self::Nanoseconds(step) => {
                let step = i64::try_from(step).unwrap_or(i64::MAX);
                before.saturating_add(step.saturating_mul(steps))
            }
            Self::Calendar(ref calendar) => calendar.after(before, steps),
            Self::Months(step) => add_months(before, steps * i64::from(step), anchor_day),
            Self::Unknown => before,
        }
    }
}

/// The distance in calendar months, if the two timestamps are at the same place of their months.
fn month_step(before: i64, after: i64) -> Option<u32> {
    if before.rem_euclid(DAY) != after.rem_euclid(DAY) || after.abs_diff(before) < 28 * DAY as u64 {
        return None;
    }
    let (a, b) = (Civil::from_seconds(before), Civil::from_seconds(after));
    // The 30th goes to 28 February and back to the 30th: a month's last day matches any later day.
    let same_place = a.day == b.day
        || (a.is_month_end() && b.day > a.day)
        || (b.is_month_end() && a.day > b.day)
        || (a.is_month_end() && b.is_month_end());
    let months = b.month_number() - a.month_number();
    if same_place {
        u32::try_from(months).ok().filter(|&m| m > 0)
    } else {
        None
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The key with the highest count; the smallest such key, so that the answer does not depend on
/// the map's order.
fn mode(counts: &HashMap<u64, usize>) -> Option<(u64, usize)> {
    counts
        .iter()
        .map(|(&key, &count)| (key, count))
        .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Self::Calendar(ref calendar) => return calendar.fmt(f),
            Self::Nanoseconds(step) => return format_nanoseconds(step, f),
            Self::Seconds(s) if s >= 604_800 && s % 604_800 == 0 => (s / 604_800, "week"),
            Self::Seconds(s) if s >= 86_400 && s % 86_400 == 0 => (s / 86_400, "day"),
            Self::Seconds(s) if s >= 3600 && s % 3600 == 0 => return write!(f, "{} h", s / 3600),
            Self::Seconds(s) if s >= 60 && s % 60 == 0 => return write!(f, "{} min", s / 60),
            Self::Seconds(s) => return write!(f, "{s} s"),
            Self::Months(m) if m >= 12 && m % 12 == 0 => (u64::from(m / 12), "year"),
            Self::Months(3) => (1, "quarter"),
            Self::Months(m) => (u64::from(m), "month"),
            Self::Unknown => return f.write_str("irregular"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

/// A duration as `5 ms`, `0.1 s` or `2 min`.
fn format_nanoseconds(step: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const SECOND: u64 = NANOSECONDS as u64;
    match step {
        s if s >= SECOND && s.is_multiple_of(SECOND) => {
            fmt::Display::fmt(&Frequency::Seconds(s / SECOND), f)
        }
        s if s >= SECOND / 10 => write!(f, "{} s", s as f64 / SECOND as f64),
        s if s >= 1_000_000 => write!(f, "{} ms", s as f64 / 1e6),
        s if s >= 1_000 => write!(f, "{} µs", s as f64 / 1e3),
        s => write!(f, "{s} ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::to_days;

    #[test]
    fn fixed_steps() {
        let hours: Vec<i64> = (0..10).map(|i| i * 3600).collect();
        assert_eq!(Frequency::detect(&hours), Frequency::Seconds(3600));
        let gaps = [0, 3600, 7200, 36_000, 39_600, 39_600, 43_200];
        assert_eq!(Frequency::detect(&gaps), Frequency::Seconds(3600));
        assert_eq!(Frequency::detect(&[0, 1, 3, 7, 15, 40]), Frequency::Unknown);
        assert_eq!(Frequency::detect(&[5]), Frequency::Unknown);
        assert_eq!(Frequency::detect(&[]), Frequency::Unknown);
    }

    #[test]
    fn calendar_steps() {
        let start = to_days(2020, 1, 31) * DAY;
        for (months, expected) in [(1, 1), (3, 3), (12, 12)] {
            let timestamps: Vec<i64> = (0..20).map(|i| add_months(start, i * months, 31)).collect();
            assert_eq!(Frequency::detect(&timestamps), Frequency::Months(expected));
        }
        let weeks: Vec<i64> = (0..60).map(|i| i * 7 * DAY).collect();
        assert_eq!(Frequency::detect(&weeks), Frequency::Seconds(7 * 86_400));
        let four_weeks: Vec<i64> = (0..60).map(|i| i * 28 * DAY).collect();
        assert_eq!(
            Frequency::detect(&four_weeks),
            Frequency::Seconds(28 * 86_400)
        );
    }

    #[test]
    fn names_and_seasons() {
        let table = [
            (Frequency::Seconds(3600), "1 h", 24),
            (Frequency::Seconds(1800), "30 min", 48),
            (Frequency::Seconds(900), "15 min", 96),
            (Frequency::Seconds(600), "10 min", 144),
            (Frequency::Seconds(300), "5 min", 288),
            (Frequency::Seconds(86_400), "1 day", 7),
            (Frequency::Seconds(604_800), "1 week", 52),
            (Frequency::Months(1), "1 month", 12),
            (Frequency::Months(3), "1 quarter", 4),
            (Frequency::Months(12), "1 year", 1),
            (Frequency::Months(24), "2 years", 1),
            (Frequency::Seconds(7), "7 s", 1),
            (Frequency::Nanoseconds(5_000_000), "5 ms", 1),
            (Frequency::Nanoseconds(100_000_000), "0.1 s", 1),
            (Frequency::Nanoseconds(2_500_000_000), "2.5 s", 1),
            (Frequency::Nanoseconds(60_000_000_000), "1 min", 1440),
            (Frequency::Unknown, "irregular", 1),
        ];
        for (frequency, name, season) in table {
            assert_eq!(frequency.to_string(), name);
            assert_eq!(frequency.season_length(), season, "{name}");
        }
    }
}
