//! The unit in which timestamps are counted, and how they are written.

use serde::{Deserialize, Serialize};

use crate::{civil::Civil, frequency::Frequency, time::zone};

/// Nanoseconds of a second.
pub(crate) const NANOSECONDS: i64 = 1_000_000_000;

/// The unit in which the timestamps of a time index are counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Whole seconds.
    #[default]
    Seconds,
    /// Nanoseconds, where the steps are fractions of a second; 1678 to 2262.
    Nanoseconds,
}

impl TimeUnit {
    /// How many of this unit a second has.
    pub fn per_second(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Nanoseconds => NANOSECONDS,
        }
    }
}

/// The zone in which timestamps are written. Those of a stated zone are counted in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum WrittenZone {
    /// None: `2016-07-01 00:00:00`.
    #[default]
    Unstated,
    /// UTC: `2016-07-01 00:00:00Z`.
    Utc,
    /// So many seconds ahead of UTC: `2016-07-01 02:00:00+02:00`.
    Offset(i32),
    /// With the offset that a zone such as `Europe/Berlin` has at the time.
    Named(String),
}

impl WrittenZone {
    /// Seconds ahead of UTC at a time, and how they are written.
    fn at(&self, seconds: i64) -> (i64, String) {
        let offset = match self {
            Self::Unstated => return (0, String::new()),
            Self::Utc => return (0, "Z".to_owned()),
            Self::Offset(offset) => i64::from(*offset),
            Self::Named(name) => match zone::offset_at(name, seconds) {
                Some(offset) => offset,
                // A build without the rules of named zones.
                None => return (0, "Z".to_owned()),
            },
        };
        (offset, offset_text(offset))
    }
}

/// An offset in seconds as `+02:00`.
pub(crate) fn offset_text(offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How the timestamps of a time index are counted and written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimeFormat {
    /// What they are counts of.
    pub unit: TimeUnit,
    /// Decimals of the seconds: 0, 3, 6 or 9.
    pub decimals: u8,
    /// The zone.
    #[serde(default)]
    pub zone: WrittenZone,
}

impl TimeFormat {
    /// The format of `timestamps` in `unit`: as many decimals as they have.
    pub(crate) fn of(timestamps: &[i64], unit: TimeUnit, zone: WrittenZone) -> Self {
        let decimals = match unit {
            TimeUnit::Seconds => 0,
            TimeUnit::Nanoseconds => [(3, 1_000_000), (6, 1_000)]
                .into_iter()
                .find(|(_, rest)| timestamps.iter().all(|at| at % rest == 0))
                .map_or(9, |(decimals, _)| decimals),
        };
        Self {
            unit,
            decimals,
            zone,
        }
    }

    /// The civil seconds of a timestamp, rounded down.
    pub fn seconds(&self, timestamp: i64) -> i64 {
        timestamp.div_euclid(self.unit.per_second())
    }

    /// Local time in the format's zone, in seconds: those of [`seconds`](Self::seconds) plus the zone's
    /// offset at the time.
    pub(crate) fn local_seconds(&self, timestamp: i64) -> i64 {
        let seconds = self.seconds(timestamp);
        seconds.saturating_add(self.zone.at(seconds).0)
    }

    /// A timestamp as `2016-07-01 00:00:00`, with decimals and offset where the format has some.
    pub fn format(&self, timestamp: i64) -> String {
        let seconds = self.seconds(timestamp);
        let (offset, suffix) = self.zone.at(seconds);
        let mut text = format_timestamp(seconds.saturating_add(offset));
        if self.decimals > 0 && self.unit == TimeUnit::Nanoseconds {
            let digits = format!("{:09}", timestamp.rem_euclid(NANOSECONDS));
            text.push('.');
            text.push_str(&digits[..usize::from(self.decimals).min(9)]);
        }
        text + &suffix
    }
}

/// `timestamp` (civil seconds since 1970-01-01) as `2016-07-01 00:00:00`.
pub fn format_timestamp(timestamp: i64) -> String {
    let c = Civil::from_seconds(timestamp);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    )
}

/// Timestamps with parts of a second, counted in the unit that keeps their steps: nanoseconds where
/// whole seconds would make two equal or would change the step, else seconds. `None` where nanoseconds are
/// needed and the years are outside their range.
pub(crate) fn count(seconds: Vec<i64>, nanoseconds: &[u32]) -> Option<(Vec<i64>, TimeUnit)> {
    if nanoseconds.is_empty() {
        return Some((seconds, TimeUnit::Seconds));
    }
    let fine: Option<Vec<i64>> = seconds
        .iter()
        .zip(nanoseconds)
        .map(|(s, n)| s.checked_mul(NANOSECONDS)?.checked_add(i64::from(*n)))
        .collect();
    let repeats = seconds.windows(2).any(|pair| pair[0] == pair[1]);
    match fine {
        Some(fine) if repeats || needs_nanoseconds(&fine) => Some((fine, TimeUnit::Nanoseconds)),
        None if repeats => None,
        _ => Some((seconds, TimeUnit::Seconds)),
    }
}

/// Whether the usual step is less than a minute or no whole number of seconds.
fn needs_nanoseconds(fine: &[i64]) -> bool {
    let mut steps: Vec<u64> = fine
        .windows(2)
        .map(|pair| pair[1].abs_diff(pair[0]))
        .filter(|step| *step > 0)
        .collect();
    steps.sort_unstable();
    let second = NANOSECONDS as u64;
    if steps
        .get(steps.len() / 2)
        .is_some_and(|median| *median < 60 * second)
    {
        return true;
    }
    match Frequency::detect_in(fine, TimeUnit::Nanoseconds) {
        Frequency::Nanoseconds(step) => step % second != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_kept_where_they_keep_the_step() {
        let minutes: Vec<i64> = (0..10).map(|i| i * 60).collect();
        let half = [500_000_000; 10];
        assert_eq!(
            count(minutes.clone(), &half),
            Some((minutes, TimeUnit::Seconds))
        );
        let halves: Vec<i64> = (0..10).map(|i| i / 2).collect();
        let parts: Vec<u32> = (0..10).map(|i| i % 2 * 500_000_000).collect();
        let (fine, unit) = count(halves, &parts).unwrap_or_default();
        assert_eq!((fine[3], unit), (1_500_000_000, TimeUnit::Nanoseconds));
        assert_eq!(count(vec![-70_000_000_000; 2], &[1, 2]), None);
    }

    #[test]
    fn decimals_as_many_as_needed() {
        let format = |at: i64| {
            TimeFormat::of(&[at], TimeUnit::Nanoseconds, WrittenZone::Unstated).format(at)
        };
        assert_eq!(format(100_000_000), "1970-01-01 00:00:00.100");
        assert_eq!(format(-1_000), "1969-12-31 23:59:59.999999");
        assert_eq!(format(1), "1970-01-01 00:00:00.000000001");
        assert_eq!(TimeFormat::default().format(3600), "1970-01-01 01:00:00");
    }

    #[test]
    fn zones_as_they_are_stated() {
        let format = |zone, at| TimeFormat::of(&[at], TimeUnit::Seconds, zone).format(at);
        assert_eq!(format(WrittenZone::Utc, 0), "1970-01-01 00:00:00Z");
        let india = WrittenZone::Offset(5 * 3600 + 1800);
        assert_eq!(format(india, 0), "1970-01-01 05:30:00+05:30");
        let west = WrittenZone::Offset(-3600);
        assert_eq!(format(west, 0), "1969-12-31 23:00:00-01:00");
        if cfg!(feature = "time-zones") {
            let berlin = || WrittenZone::Named("Europe/Berlin".to_owned());
            assert_eq!(format(berlin(), 1_467_331_200), "2016-07-01 02:00:00+02:00");
            assert_eq!(format(berlin(), 1_451_606_400), "2016-01-01 01:00:00+01:00");
        }
        let unknown = WrittenZone::Named("Nowhere/City".to_owned());
        assert_eq!(format(unknown, 0), "1970-01-01 00:00:00Z");
    }
}
