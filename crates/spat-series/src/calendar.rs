//! Weekly calendars: which steps of a week have a row.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

use crate::civil::DAY;

const WEEK: i64 = 7 * DAY;

/// 1970-01-01 was a Thursday: the Monday of its week lies this many seconds before it.
const THURSDAY: i64 = 3 * DAY;

/// The fewest timestamps from which a calendar is detected.
const FEWEST_TIMESTAMPS: usize = 10;

/// A step of the week that has a row on fewer than one of this many occasions is closed.
const RARE: u64 = 20;

/// The share of open steps that must have a row.
const LEAST_COVERAGE: f64 = 0.75;

/// The largest expected number of steps that rows missing at random would close by chance.
const MOST_BY_CHANCE: f64 = 0.05;

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Steps that repeat from week to week, with the times between closed: business days, Monday to
/// Saturday, or the hours from 09:30 to 16:00.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Calendar {
    /// Seconds between two open steps of the same session; divides a day.
    step: u32,
    /// In the order of the week, without overlap.
    sessions: Vec<Session>,
}

/// A calendar as a file has it.
#[derive(Deserialize)]
struct Unchecked {
    step: u32,
    sessions: Vec<Session>,
}

impl TryFrom<Unchecked> for Calendar {
    type Error = &'static str;

    fn try_from(Unchecked { step, sessions }: Unchecked) -> Result<Self, Self::Error> {
        if step == 0 || DAY % i64::from(step) != 0 {
            return Err("the step of a calendar divides a day");
        }
        // The first second that a session may start at.
        let mut free = 0;
        for session in &sessions {
            let start = u64::from(session.start);
            let end = start + u64::from(session.steps) * u64::from(step);
            if session.steps == 0 || start < free || start >= WEEK as u64 {
                return Err("the sessions of a calendar follow each other within a week");
            }
            free = end;
        }
        // The last step may begin just before the week ends.
        if sessions.is_empty() || free >= WEEK as u64 + u64::from(step) {
            return Err("the sessions of a calendar lie within a week");
        }
        Ok(Self { step, sessions })
    }
}

/// Consecutive open steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Session {
    /// Seconds from Monday 00:00 to the first step.
    start: u32,
    /// Number of steps.
    steps: u32,
}

impl Calendar {
    /// The calendar that `timestamps` (civil seconds, ascending) follow at a step of `step` seconds, if
    /// some steps of the week are closed.
    ///
    /// Two forms are tried. The first decides each step of the week separately, which needs weeks of
    /// rows. The second takes the same hours for every open weekday, which needs days. Either is
    /// accepted only if rows missing at random would not look the same.
    pub(crate) fn detect(timestamps: &[i64], step: u64) -> Option<Self> {
        let step = i64::try_from(step)
            .ok()
            .filter(|s| *s > 0 && DAY % s == 0)?;
        let irregular = |pair: &[i64]| pair[1].checked_sub(pair[0]).is_some_and(|d| d > step);
        if timestamps.len() < FEWEST_TIMESTAMPS
            || !timestamps.is_sorted()
            || !timestamps.windows(2).any(irregular)
        {
            return None;
        }
        let evidence = Evidence::collect(timestamps, step)?;
        let open = evidence.by_week().or_else(|| evidence.by_day())?;
        Some(Self::from_open(&open, step, evidence.phase))
    }

    fn from_open(open: &[bool], step: i64, phase: i64) -> Self {
        let mut sessions: Vec<Session> = Vec::new();
        let mut at = 0;
        for run in open.chunk_by(|a, b| a == b) {
            if run[0] {
                sessions.push(Session {
                    start: (at as i64 * step + phase) as u32,
                    steps: run.len() as u32,
                });
            }
            at += run.len();
        }
        Self {
            step: step as u32,
            sessions,
        }
    }

    /// Open steps of a week.
    fn steps_per_week(&self) -> i64 {
        let steps = self.sessions.iter().map(|s| i64::from(s.steps)).sum();
        i64::max(steps, 1)
    }

    /// Rows of a season: the steps of a day where there are several, else those of a week.
    pub(crate) fn season_length(&self) -> usize {
        if self.step < 60 {
            return 1;
        }
        let per_day = self.steps_by_weekday();
        let longest = per_day.into_iter().max().unwrap_or(1);
        if longest > 1 {
            // The most frequent length; of equally frequent ones the longest.
            let usual = per_day
                .into_iter()
                .filter(|&steps| steps > 0)
                .max_by_key(|steps| (per_day.iter().filter(|s| *s == steps).count(), *steps));
            return usual.unwrap_or(1) as usize;
        }
        self.steps_per_week() as usize
    }

    fn steps_by_weekday(&self) -> [u32; 7] {
        let mut per_day = [0; 7];
        for time in self.times() {
            if let Some(steps) = per_day.get_mut((i64::from(time) / DAY) as usize) {
                *steps += 1;
            }
        }
        per_day
    }

    /// Seconds from Monday 00:00 of every open step.
    fn times(&self) -> impl Iterator<Item = u32> + '_ {
        self.sessions.iter().flat_map(|session| {
            (0..session.steps).map(|i| session.start.saturating_add(i.saturating_mul(self.step)))
        })
    }

    /// The number of the last open step that is not after `timestamp`, counted from 1970, and whether
    /// `timestamp` is that step.
    fn number(&self, timestamp: i64) -> (i64, bool) {
        let since_monday = timestamp.saturating_add(THURSDAY);
        let week = since_monday.div_euclid(WEEK);
        let second = since_monday.rem_euclid(WEEK);
        let mut number = week.saturating_mul(self.steps_per_week()).saturating_sub(1);
        let mut exact = false;
        for session in &self.sessions {
            let offset = second - i64::from(session.start);
            if offset < 0 {
                break;
            }
            let step = i64::from(self.step.max(1));
            let place = (offset / step).min(i64::from(session.steps) - 1);
            exact = place * step == offset;
            if place < i64::from(session.steps) - 1 || exact {
                return (number + place + 1, exact);
            }
            number += i64::from(session.steps);
        }
        (number, exact)
    }

    /// The timestamp of an open step by its number.
    fn timestamp(&self, number: i64) -> i64 {
        let per_week = self.steps_per_week();
        let mut place = number.rem_euclid(per_week);
        let mut second = 0;
        for session in &self.sessions {
            let steps = i64::from(session.steps);
            if place < steps {
                second = i64::from(session.start) + place * i64::from(self.step);
                break;
            }
            place -= steps;
        }
        let week = number.div_euclid(per_week);
        week.saturating_mul(WEEK).saturating_add(second - THURSDAY)
    }

    /// Open steps from one timestamp to a later one, or `None` if the later one is closed.
    pub(crate) fn steps_between(&self, before: i64, after: i64) -> Option<u64> {
        let (from, _) = self.number(before);
        let (to, open) = self.number(after);
        let steps = u64::try_from(to.saturating_sub(from)).ok();
        steps.filter(|&n| open && n > 0)
    }

    /// Open steps after the one timestamp and up to the other.
    pub(crate) fn steps_covered(&self, before: i64, after: i64) -> u64 {
        let steps = self.number(after).0.saturating_sub(self.number(before).0);
        u64::try_from(steps).unwrap_or(0)
    }

    /// The timestamp `steps` open steps after `before`.
    pub(crate) fn after(&self, before: i64, steps: i64) -> i64 {
        self.timestamp(self.number(before).0.saturating_add(steps))
    }
}

/// How often each step of the week has a row.
struct Evidence {
    /// Seconds that every timestamp lies after a multiple of the step.
    phase: i64,
    /// Rows per step of the week.
    rows: Vec<u64>,
    /// How often each step of the week occurs between the first row and the last.
    occasions: Vec<u64>,
    /// Days with a row, and days, per weekday.
    days: [(u64, u64); 7],
}

impl Evidence {
    fn collect(timestamps: &[i64], step: i64) -> Option<Self> {
        let mut phases: HashMap<i64, usize> = HashMap::new();
        for timestamp in timestamps {
            *phases.entry(timestamp.rem_euclid(step)).or_default() += 1;
        }
        let (&phase, &on_grid) = phases
            .iter()
            .max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?;
        if on_grid * 20 < timestamps.len() * 19 {
            return None;
        }
        let count = WEEK / step;
        let number = |timestamp: i64| timestamp.saturating_add(THURSDAY - phase).div_euclid(step);
        let on_grid = timestamps.iter().filter(|s| s.rem_euclid(step) == phase);
        let mut numbers: Vec<i64> = on_grid.map(|&s| number(s)).collect();
        numbers.dedup();
        let (first, last) = (*numbers.first()?, *numbers.last()?);
        let mut rows = vec![0; count as usize];
        let mut days = [(0, 0); 7];
        let per_day = DAY / step;
        let mut day_before = None;
        for number in numbers {
            rows[number.rem_euclid(count) as usize] += 1;
            let day = number.div_euclid(per_day);
            if day_before.replace(day) != Some(day) {
                days[day.rem_euclid(7) as usize].0 += 1;
            }
        }
        for (weekday, (_, all)) in (0..).zip(&mut days) {
            *all = occurrences(
                first.div_euclid(per_day),
                last.div_euclid(per_day),
                7,
                weekday,
            );
        }
        let occasions = (0..count)
            .map(|place| occurrences(first, last, count, place))
            .collect();
        Some(Self {
            phase,
            rows,
            occasions,
            days,
        })
    }

    /// Each step of the week separately.
    fn by_week(&self) -> Option<Vec<bool>> {
        let open: Vec<bool> = self
            .rows
            .iter()
            .zip(&self.occasions)
            .map(|(&rows, &occasions)| !is_rare(rows, occasions))
            .collect();
        let occasions = open.iter().zip(&self.occasions);
        let closed = occasions.filter(|(open, _)| !**open).map(|(_, &n)| n);
        let fewest = closed.min().filter(|&n| n >= 2)?;
        self.accept(open, self.rows.len(), fewest)
    }

    /// The same hours on every open weekday.
    fn by_day(&self) -> Option<Vec<bool>> {
        let per_day = self.rows.len() / 7;
        // Rows on all five working days and none on a weekend: the weekend is closed, even where the
        // rows cover one week. Any other weekday is closed only if it passed twice without a row.
        let working_week = self.days[..5].iter().all(|(with_rows, _)| *with_rows > 0);
        let open_day = |weekday: usize| {
            let (with_rows, all) = self.days[weekday];
            match weekday {
                5 | 6 if working_week => with_rows > 0 && !is_rare(with_rows, all),
                _ => all < 2 || !is_rare(with_rows, all),
            }
        };
        let days: Vec<usize> = (0..7).filter(|&weekday| open_day(weekday)).collect();
        let days_with_rows: u64 = days.iter().map(|&weekday| self.days[weekday].0).sum();
        let open_time = |time: usize| {
            let rows = days.iter().map(|day| self.rows[day * per_day + time]).sum();
            !is_rare(rows, days_with_rows)
        };
        let times: Vec<bool> = (0..per_day).map(open_time).collect();
        if times.iter().all(|&open| open) {
            return None;
        }
        let open = (0..self.rows.len())
            .map(|place| days.contains(&(place / per_day)) && times[place % per_day])
            .collect();
        self.accept(open, per_day, days_with_rows)
    }

    /// `open`, if it explains the rows and none of the `candidates` would be closed by rows missing
    /// at random on `occasions` occasions.
    fn accept(&self, open: Vec<bool>, candidates: usize, occasions: u64) -> Option<Vec<bool>> {
        let (mut there, mut all) = (0, 0);
        for place in (0..open.len()).filter(|&place| open[place]) {
            there += self.rows[place];
            all += self.occasions[place];
        }
        let missing = (all.saturating_sub(there) + 1) as f64 / (all + 1) as f64;
        let by_chance = candidates as f64 * missing.powf(occasions as f64);
        let covered = there as f64 >= LEAST_COVERAGE * all as f64;
        (there > 0 && covered && by_chance <= MOST_BY_CHANCE).then_some(open)
    }
}

fn is_rare(rows: u64, occasions: u64) -> bool {
    rows * RARE < occasions
}

/// How many of `first..=last` leave the remainder `place` when divided by `count`.
fn occurrences(first: i64, last: i64, count: i64, place: i64) -> u64 {
    let up_to = |end: i64| (end - place).div_euclid(count);
    up_to(last).abs_diff(up_to(first - 1))
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_day = self.steps_by_weekday();
        let daily = i64::from(self.step) == DAY;
        if daily && per_day == [1, 1, 1, 1, 1, 0, 0] {
            return f.write_str("1 business day");
        }
        let step = crate::Frequency::Seconds(u64::from(self.step));
        let open: Vec<usize> = (0..7).filter(|&day| per_day[day] > 0).collect();
        let times_of = |day: usize| -> Vec<u32> {
            let times = self.times().filter(|t| i64::from(*t) / DAY == day as i64);
            times.map(|t| t % DAY as u32).collect()
        };
        let first = open.first().map(|&day| times_of(day)).unwrap_or_default();
        if open.iter().any(|&day| times_of(day) != first) {
            return write!(f, "{step}, {}", self.week_text());
        }
        write!(f, "{step}, {}", weekdays_text(&open))?;
        if daily {
            return Ok(());
        }
        let runs = first.chunk_by(|a, b| b - a == self.step);
        let hours: Vec<String> = runs
            .map(|run| span(&clock(run[0]), &clock(run[run.len() - 1])))
            .collect();
        write!(f, ", {}", list(&hours))
    }
}

impl Calendar {
    /// Sessions that are not the same on every open day.
    fn week_text(&self) -> String {
        let moment = |second: u32| {
            let day = (i64::from(second) / DAY) as usize % 7;
            format!("{} {}", WEEKDAYS[day], clock(second % DAY as u32))
        };
        let end = |s: &Session| s.start + (s.steps.max(1) - 1) * self.step;
        let mut sessions: Vec<(u32, u32)> =
            self.sessions.iter().map(|s| (s.start, end(s))).collect();
        // A session may continue past the end of the week.
        if let ([first, .., last], week) = (sessions.as_mut_slice(), WEEK as u32)
            && first.0 + week == last.1 + self.step
        {
            first.0 = last.0;
            sessions.pop();
        }
        let spans: Vec<String> = sessions
            .into_iter()
            .map(|(from, to)| span(&moment(from), &moment(to)))
            .collect();
        list(&spans)
    }
}

fn weekdays_text(days: &[usize]) -> String {
    let runs: Vec<String> = days
        .chunk_by(|a, b| a + 1 == *b)
        .map(|run| {
            let (first, last) = (WEEKDAYS[run[0]], WEEKDAYS[run[run.len() - 1]]);
            span(first, last)
        })
        .collect();
    list(&runs)
}

fn span(from: &str, to: &str) -> String {
    if from == to {
        from.to_owned()
    } else {
        format!("{from} to {to}")
    }
}

fn clock(second: u32) -> String {
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    if second == 0 {
        format!("{hour:02}:{minute:02}")
    } else {
        format!("{hour:02}:{minute:02}:{second:02}")
    }
}

fn list(parts: &[String]) -> String {
    const MOST: usize = 6;
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        many if many.len() > MOST => {
            format!("{} and {} more", many[..MOST].join(", "), many.len() - MOST)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Frequency, civil::to_days, format_timestamp};

    /// Timestamps from Monday 2023-01-02 over `weeks` weeks at a step of `step` seconds where
    /// `open` is true, given the weekday and the second of the day.
    fn timestamps(weeks: i64, step: i64, open: impl Fn(i64, i64) -> bool) -> Vec<i64> {
        let monday = to_days(2023, 1, 2) * DAY;
        (0..weeks * WEEK / step)
            .map(|i| i * step)
            .filter(|at| open(at % WEEK / DAY, at % DAY))
            .map(|at| monday + at)
            .collect()
    }

    fn next(timestamps: &[i64], n: usize) -> Vec<String> {
        let index = crate::TimeIndex::from_timestamps(timestamps.to_vec());
        let next = index.extend(n).unwrap();
        next.into_iter().map(format_timestamp).collect()
    }

    #[test]
    fn business_days() {
        let days = timestamps(4, DAY, |day, _| day < 5);
        let frequency = Frequency::detect(&days);
        assert_eq!(frequency.to_string(), "1 business day");
        assert_eq!(frequency.season_length(), 5);
        assert_eq!(
            next(&days, 2),
            ["2023-01-30 00:00:00", "2023-01-31 00:00:00"]
        );
        let steps: Vec<_> = days
            .windows(2)
            .map(|pair| frequency.steps_between(pair[0], pair[1]))
            .collect();
        assert!(steps.iter().all(|steps| *steps == Some(1)));
        // Monday to the Monday after.
        assert_eq!(frequency.steps_between(days[0], days[5]), Some(5));
        assert_eq!(frequency.steps_between(days[4], days[4] + DAY), None);
    }

    #[test]
    fn other_weeks_and_sessions() {
        const HOUR: i64 = 3600;
        let saturdays = timestamps(4, DAY, |day, _| day < 6);
        let alternate = timestamps(6, DAY, |day, _| [0, 2, 4].contains(&day));
        let sessions = timestamps(1, 1800, |day, at| {
            day < 5 && (9 * HOUR + 1800..=15 * HOUR + 1800).contains(&at)
        });
        let lunch = timestamps(3, 1800, |day, at| {
            day < 5 && ((18..22).contains(&(at / 1800)) || (26..30).contains(&(at / 1800)))
        });
        let around_the_clock = timestamps(8, HOUR, |day, at| match day {
            6 => at >= 22 * HOUR,
            5 => false,
            4 => at < 21 * HOUR,
            _ => true,
        });
        let readings = timestamps(2, HOUR, |_, at| [8, 12, 18].contains(&(at / HOUR)));
        for (timestamps, name, season, then) in [
            (
                saturdays,
                "1 day, Monday to Saturday",
                6,
                "2023-01-30 00:00:00",
            ),
            (
                alternate,
                "1 day, Monday, Wednesday and Friday",
                3,
                "2023-02-13 00:00:00",
            ),
            (
                sessions,
                "30 min, Monday to Friday, 09:30 to 15:30",
                13,
                "2023-01-09 09:30:00",
            ),
            (
                lunch,
                "30 min, Monday to Friday, 09:00 to 10:30 and 13:00 to 14:30",
                8,
                "2023-01-23 09:00:00",
            ),
            (
                around_the_clock,
                "1 h, Sunday 22:00 to Friday 20:00",
                24,
                "2023-02-27 00:00:00",
            ),
            (
                readings,
                "2 h, Monday to Sunday, 08:00, 12:00 and 18:00",
                3,
                "2023-01-16 08:00:00",
            ),
        ] {
            let frequency = Frequency::detect(&timestamps);
            assert_eq!(frequency.to_string(), name);
            assert_eq!(frequency.season_length(), season, "{name}");
            assert_eq!(next(&timestamps, 1), [then], "{name}");
            let json = serde_json::to_string(&frequency).unwrap();
            let stretched = json.replace("\"steps\":", "\"steps\":99");
            assert!(serde_json::from_str::<Frequency>(&stretched).is_err());
            assert_eq!(serde_json::from_str::<Frequency>(&json).unwrap(), frequency);
        }
    }

    #[test]
    fn holidays_and_rare_weekends_leave_a_calendar() {
        let days = timestamps(52, DAY, |day, _| day < 5);
        let holiday = |place: usize| place % 29 == 7;
        let mut some: Vec<i64> = (0..days.len())
            .filter(|&place| !holiday(place))
            .map(|place| days[place])
            .collect();
        some.push(days[4] + DAY);
        some.sort_unstable();
        assert_eq!(Frequency::detect(&some).to_string(), "1 business day");
    }

    #[test]
    fn missing_rows_are_no_calendar() {
        let every_hour = timestamps(3, 3600, |_, _| true);
        let mut random = 1_u64;
        let gaps: Vec<i64> = every_hour
            .into_iter()
            .filter(|_| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                random >> 60 != 0
            })
            .collect();
        assert_eq!(Frequency::detect(&gaps), Frequency::Seconds(3600));
        // Two weekends in fifteen days are not enough to tell closed from missing.
        let days = timestamps(1, DAY, |day, _| day < 5);
        assert_eq!(Frequency::detect(&days), Frequency::Seconds(86_400));
    }
}
