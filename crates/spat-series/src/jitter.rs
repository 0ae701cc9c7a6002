//! Timestamps that are off their step by a little: 00:05:01, 00:10:02, 00:15:00.

use crate::{
    civil::{Civil, DAY, days_in_month, to_days},
    frequency::Frequency,
    unit::TimeUnit,
};

/// With fewer distances, no step is detected.
const FEWEST_DISTANCES: usize = 10;

/// The share of distances off the detected step above which the step is rejected.
const MOST_OFF_GRID: f64 = 0.2;

/// As [`MOST_OFF_GRID`] for nanoseconds: times that were floats differ in the last digits only.
const MOST_OFF_GRID_OF_NANOSECONDS: f64 = 0.01;

/// The share of distances that must be near a multiple of the nominal step.
const LEAST_NEAR: f64 = 0.98;

/// How far a distance may be from that multiple, as a share of the step.
const NEAR: f64 = 0.2;

/// How far the median distance may be from the nominal step, as a share of it.
const ROUNDING: f64 = 0.02;

/// Longer steps are calendar months, which have no common length.
const LONGEST_STEP: i64 = 7 * DAY;

/// Timestamps moved to a grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapped {
    pub(crate) timestamps: Vec<i64>,
    /// Rows whose timestamp changed.
    pub(crate) rows: usize,
    /// The largest change, in the unit of the timestamps.
    pub(crate) farthest: u64,
}

/// `timestamps` (civil time in `unit`, ascending) on the grid of their nominal step, or `None` where they keep
/// a step already, or none at all.
pub(crate) fn snap(timestamps: &[i64], unit: TimeUnit) -> Option<Snapped> {
    let mut distances: Vec<u64> = timestamps
        .windows(2)
        .map(|pair| pair[1].abs_diff(pair[0]))
        .filter(|distance| *distance > 0)
        .collect();
    if distances.len() < FEWEST_DISTANCES || is_regular(timestamps, unit, distances.len()) {
        return None;
    }
    distances.sort_unstable();
    let median = distances[distances.len() / 2];
    if median > LONGEST_STEP as u64 * unit.per_second() as u64 {
        return match unit {
            TimeUnit::Seconds => snap_to_months(timestamps),
            TimeUnit::Nanoseconds => None,
        };
    }
    let step = nominal(median, unit)?;
    let near = distances.iter().filter(|distance| {
        let steps = **distance as f64 / step as f64;
        steps >= 1.0 - NEAR && (steps - steps.round()).abs() <= NEAR
    });
    if (near.count() as f64) < LEAST_NEAR * distances.len() as f64 {
        return None;
    }
    let phase = phase(timestamps, step, unit);
    // Half a step before a grid point to half a step after it.
    let nearest = |timestamp: i64| {
        let steps = timestamp.saturating_add(step / 2 - phase).div_euclid(step);
        steps.saturating_mul(step).saturating_add(phase)
    };
    Some(Snapped::new(timestamps, nearest))
}

/// One row a month at the month's end or start, such as the last business day.
fn snap_to_months(timestamps: &[i64]) -> Option<Snapped> {
    let civil: Vec<Civil> = timestamps.iter().map(|&s| Civil::from_seconds(s)).collect();
    let mut months = civil.windows(2);
    if !months.all(|pair| pair[0].month_number() < pair[1].month_number()) {
        return None;
    }
    let end = |c: &Civil| days_in_month(c.year, c.month);
    let at_end = civil.iter().all(|c| c.day + 5 > end(c));
    let at_start = civil.iter().all(|c| c.day <= 5);
    if !at_end && !at_start {
        return None;
    }
    Some(Snapped::new(timestamps, |timestamp| {
        let c = Civil::from_seconds(timestamp);
        let day = if at_end { end(&c) } else { 1 };
        to_days(c.year, c.month, day) * DAY + timestamp.rem_euclid(DAY)
    }))
}

impl Snapped {
    fn new(timestamps: &[i64], nearest: impl Fn(i64) -> i64) -> Self {
        let moved: Vec<i64> = timestamps
            .iter()
            .map(|&timestamp| nearest(timestamp))
            .collect();
        let changes = || {
            moved
                .iter()
                .zip(timestamps)
                .map(|(to, from)| to.abs_diff(*from))
        };
        Self {
            rows: changes().filter(|change| *change > 0).count(),
            farthest: changes().max().unwrap_or(0),
            timestamps: moved,
        }
    }
}

fn is_regular(timestamps: &[i64], unit: TimeUnit, distances: usize) -> bool {
    let frequency = Frequency::detect_in(timestamps, unit);
    let off_grid = timestamps
        .windows(2)
        .filter(|pair| pair[0] < pair[1])
        .filter(|pair| frequency.steps_between(pair[0], pair[1]).is_none())
        .count();
    let most = match unit {
        TimeUnit::Seconds => MOST_OFF_GRID,
        TimeUnit::Nanoseconds => MOST_OFF_GRID_OF_NANOSECONDS,
    };
    frequency != Frequency::Unknown && off_grid as f64 <= most * distances as f64
}

/// Round lengths of time in a unit, the longest first: days, hours, minutes, seconds, tenths, ….
fn round_lengths(unit: TimeUnit) -> impl Iterator<Item = i64> {
    let per_second = unit.per_second();
    let seconds = [DAY, 3600, 60, 1].map(|length| length * per_second);
    let parts = std::iter::successors(Some(per_second / 10), |part| Some(part / 10));
    seconds
        .into_iter()
        .chain(parts.take_while(|part| *part > 0))
}

/// The whole days, hours, minutes, seconds or parts of a second that a median distance is close to.
fn nominal(median: u64, unit: TimeUnit) -> Option<i64> {
    let median = i64::try_from(median).ok()?;
    let longest = LONGEST_STEP * unit.per_second();
    round_lengths(unit).find_map(|length| {
        let step = (median + length / 2) / length * length;
        let near = step > 0 && median.abs_diff(step) as f64 <= ROUNDING * step as f64;
        // Seconds that jitter by seconds have no step.
        (near && step <= longest && (length > 1 || step >= 10)).then_some(step)
    })
}

/// The distance from a multiple of the step to the grid: the median of all timestamps, rounded as far as
/// their spread allows.
fn phase(timestamps: &[i64], step: i64, unit: TimeUnit) -> i64 {
    let mut phases: Vec<i64> = timestamps.iter().map(|s| s.rem_euclid(step)).collect();
    phases.sort_unstable();
    // The widest arc without a timestamp separates the end of the jitter from its start.
    let next = |at: usize| match phases.get(at + 1) {
        Some(next) => *next,
        None => phases[0] + step,
    };
    let Some(last) = (0..phases.len()).max_by_key(|&at| next(at) - phases[at]) else {
        return 0;
    };
    let start = next(last) - step;
    phases.rotate_left((last + 1) % timestamps.len());
    let unrolled: Vec<i64> = phases
        .iter()
        .map(|phase| start + (phase - start).rem_euclid(step))
        .collect();
    let median = unrolled[unrolled.len() / 2];
    let spread = unrolled
        .iter()
        .map(|phase| phase.abs_diff(median))
        .max()
        .unwrap_or(0);
    if spread as i64 * 5 >= step * 2 {
        // A drift through the whole step has no phase.
        return 0;
    }
    let round = |unit: i64| (median + unit / 2).div_euclid(unit) * unit;
    let lengths = round_lengths(unit).filter(|length| *length <= step);
    std::iter::once(step)
        .chain(lengths)
        .map(round)
        .find(|phase| phase.abs_diff(median) <= spread)
        .unwrap_or(median)
        .rem_euclid(step)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_few_seconds_late() {
        let timestamps: Vec<i64> = (0..60).map(|i| 300 * i + i % 3).collect();
        let snapped = snap(&timestamps, TimeUnit::Seconds).unwrap();
        assert!(
            snapped
                .timestamps
                .iter()
                .zip(0..)
                .all(|(s, i)| *s == 300 * i)
        );
        assert_eq!((snapped.rows, snapped.farthest), (40, 2));
    }

    #[test]
    fn early_late_with_holes_and_an_offset() {
        // 17:00 every day, up to half a minute early or late, with one day missing.
        let timestamps: Vec<i64> = (0..40)
            .filter(|day| *day != 11)
            .map(|day| day * DAY + 61_200 + (day * 17 % 60) - 30)
            .collect();
        let snapped = snap(&timestamps, TimeUnit::Seconds).unwrap();
        assert!(snapped.timestamps.iter().all(|s| s % DAY == 61_200));
        assert_eq!(
            Frequency::detect(&snapped.timestamps),
            Frequency::Seconds(86_400)
        );
    }

    #[test]
    fn a_clock_that_drifts() {
        let timestamps: Vec<i64> = (0..1000).map(|i| 300 * i + (i * 3) / 7).collect();
        let snapped = snap(&timestamps, TimeUnit::Seconds).unwrap();
        assert!(snapped.timestamps.iter().all(|s| s % 300 == 0));
        assert!(snapped.farthest <= 150);
    }

    #[test]
    fn tenths_of_a_second_with_noise_in_the_last_digits() {
        // What a float of 64 bits keeps of seconds since 1970.
        let timestamps: Vec<i64> = (0..100)
            .map(|i| 1_664_400_000_000_000_000 + i * 100_000_000 + i * i % 200 - 100)
            .collect();
        let snapped = snap(&timestamps, TimeUnit::Nanoseconds).unwrap();
        assert!(snapped.timestamps.iter().all(|at| at % 100_000_000 == 0));
        assert!(snapped.farthest <= 100);
        let exact: Vec<i64> = (0..100).map(|i| i * 5_000_000).collect();
        assert_eq!(snap(&exact, TimeUnit::Nanoseconds), None);
    }

    #[test]
    fn last_business_days() {
        let ends = (0..24).map(|month| {
            let (year, month) = (2021 + month / 12, month as u32 % 12 + 1);
            let last = to_days(year, month, days_in_month(year, month)) * DAY;
            let back = [0, 0, 0, 0, 0, 1, 2][crate::civil::weekday(last) as usize];
            last - back * DAY
        });
        let timestamps: Vec<i64> = ends.collect();
        let snapped = snap(&timestamps, TimeUnit::Seconds).unwrap();
        assert_eq!(Frequency::detect(&snapped.timestamps), Frequency::Months(1));
        assert_eq!(snapped.farthest, 2 * 86_400);
    }

    #[test]
    fn regular_and_irregular_clocks_are_left_alone() {
        let hours: Vec<i64> = (0..100).map(|i| 3600 * i).collect();
        assert_eq!(snap(&hours, TimeUnit::Seconds), None);
        let one_shifted: Vec<i64> = (0..100).map(|i| 3600 * i + i64::from(i > 50) * 7).collect();
        assert_eq!(snap(&one_shifted, TimeUnit::Seconds), None);
        let mut random = 1_u64;
        let mut at = 0;
        let events: Vec<i64> = (0..100)
            .map(|_| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                at += 1 + (random >> 54) as i64;
                at
            })
            .collect();
        assert_eq!(snap(&events, TimeUnit::Seconds), None);
    }
}
