//! Times that are spread over several columns: year, month, day, hour.

use super::{cursor::Cursor, names, timestamp::Fields, titles};
use crate::{error::ReadError, error::shorten_list, options::CalendarColumns, sample::Sample};

/// A part of a time that a column of its own holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    DayOfYear,
    Day,
    Hour,
    Minute,
    Second,
    /// A time of day such as `05:30`, `05.30.00` or `5:30 pm`.
    Time,
    /// A time of day as a whole number, `530` or `1745`.
    HourMinute,
}

/// Columns that make up a time, the year first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) columns: Vec<(Unit, usize)>,
}

impl Parts {
    /// The columns that `asked` names.
    pub(crate) fn named(asked: &CalendarColumns, names: &[String]) -> Result<Self, ReadError> {
        let wanted = [
            (Unit::Year, Some(&asked.year)),
            (Unit::Quarter, asked.quarter.as_ref()),
            (Unit::Month, asked.month.as_ref()),
            (Unit::Day, asked.day.as_ref()),
            (Unit::Hour, asked.hour.as_ref()),
            (Unit::Minute, asked.minute.as_ref()),
            (Unit::Second, asked.second.as_ref()),
        ];
        let mut columns = Vec::new();
        for (unit, name) in wanted {
            let Some(name) = name else { continue };
            let place = names.iter().position(|n| n == name).ok_or_else(|| {
                let available = shorten_list(names.iter().map(String::as_str));
                ReadError::UnknownColumn {
                    name: name.clone(),
                    available,
                }
            })?;
            columns.push((unit, place));
        }
        Ok(Self { columns })
    }

    /// Columns whose names and contents are those of parts of a time: a year, and below it a
    /// month, a week, a day of the year or a quarter, with what comes below without a step left out.
    pub(crate) fn find(sample: &Sample, names: &[String], skip: usize) -> Option<Self> {
        let find = |unit| column_of(unit, sample, names, skip);
        let mut columns = vec![find(Unit::Year)?];
        if let Some(month) = find(Unit::Month) {
            columns.push(month);
            columns.extend(find(Unit::Day));
        } else {
            let below = [Unit::DayOfYear, Unit::Week, Unit::Quarter];
            columns.push(below.into_iter().find_map(find)?);
        }
        let (last, _) = columns[columns.len() - 1];
        if matches!(last, Unit::Day | Unit::DayOfYear) {
            columns.extend(clock(sample, names, skip, &[]));
        }
        Some(Self { columns })
    }

    /// `values`, read from left to right, in the order of [`Parts::columns`].
    pub(crate) fn in_unit_order(&self, values: &[i64]) -> Vec<i64> {
        let place = |column: usize| self.columns.iter().filter(|(_, c)| *c < column).count();
        self.columns
            .iter()
            .filter_map(|&(_, column)| values.get(place(column)).copied())
            .collect()
    }

    /// The timestamp made of `values`, one per column; `None` if the calendar has no such time.
    pub(crate) fn timestamp(&self, values: &[i64]) -> Option<i64> {
        let mut fields = Fields::default();
        for (&(unit, _), &value) in self.columns.iter().zip(values) {
            let small = u32::try_from(value).ok();
            match unit {
                Unit::Year => fields.year = Some(value),
                Unit::Quarter => fields.quarter = Some(value),
                Unit::Month => fields.month = small,
                Unit::Week => fields.week = small,
                Unit::DayOfYear => fields.day_of_year = small,
                Unit::Day => fields.day = small,
                _ => fields.of_day += seconds(unit, value),
            }
        }
        fields.timestamp().map(|timestamp| timestamp.seconds)
    }
}

/// The columns that hold the time of day, other than those `taken`.
pub(crate) fn clock(
    sample: &Sample,
    names: &[String],
    skip: usize,
    taken: &[usize],
) -> Vec<(Unit, usize)> {
    let free = |column: &usize| !taken.contains(column);
    let holds = |unit: Unit, column: usize| {
        let mut cells = sample.column(column, skip).peekable();
        cells.peek().is_some() && cells.all(|cell| number(unit, cell).is_some())
    };
    let times = (0..sample.columns())
        .filter(free)
        .filter(|&column| holds(Unit::Time, column));
    let titled = |column: &usize| {
        names
            .get(*column)
            .is_some_and(|name| titles::is_clock(name))
    };
    let mut times: Vec<usize> = times.collect();
    times.sort_by_key(|column| !titled(column));
    if let Some(&column) = times.first() {
        return vec![(Unit::Time, column)];
    }
    let part = |unit| column_of(unit, sample, names, skip).filter(|(_, column)| free(column));
    if let Some(hour) = part(Unit::Hour) {
        let below = [Unit::Minute, Unit::Second];
        let below = below.into_iter().map_while(part);
        return std::iter::once(hour).chain(below).collect();
    }
    let whole = |column: &usize| titled(column) && holds(Unit::HourMinute, *column);
    let whole = (0..sample.columns()).filter(free).find(whole);
    whole
        .map(|column| (Unit::HourMinute, column))
        .into_iter()
        .collect()
}

/// The column whose name and cells are those of `unit`.
fn column_of(unit: Unit, sample: &Sample, names: &[String], skip: usize) -> Option<(Unit, usize)> {
    let holds = |column: usize| {
        let mut cells = sample.column(column, skip).peekable();
        cells.peek().is_some() && cells.all(|cell| number(unit, cell).is_some())
    };
    let mut titled = (0..names.len()).filter(|&column| titles::is_part(unit, &names[column]));
    let column = titled.find(|&column| holds(column))?;
    Some((unit, column))
}

/// The number that a cell holds of a unit, if it is in the unit's range. An hour may be 24.
pub(crate) fn number(unit: Unit, cell: &str) -> Option<i64> {
    let cell = cell.trim();
    if unit == Unit::Time {
        let evident =
            cell.contains(':') || cell.matches('.').count() == 2 || cell.ends_with(['m', 'M', 'h']);
        let mut cursor = Cursor::new(cell);
        let mut fields = Fields::default();
        let read = evident && cursor.time(&mut fields).is_some();
        // "00:00 - 01:00" is the hour that starts at midnight.
        let rest = cursor.rest.trim_start();
        let interval = rest.strip_prefix(['-', '–']).is_some_and(|end| {
            let mut end = Cursor::new(end.trim());
            end.time(&mut Fields::default()).is_some() && end.is_empty()
        });
        return (read && (rest.is_empty() || interval)).then_some(fields.of_day);
    }
    let whole = match cell.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        _ => cell,
    };
    let bare = match unit {
        Unit::Quarter => whole.trim_start_matches(['Q', 'q', 'T']),
        Unit::Week => whole.trim_start_matches(['K', 'W', 'w', ' ']),
        _ => whole,
    };
    let number = match bare.parse::<i64>() {
        Ok(number) => number,
        Err(_) if unit == Unit::Month => names::month(whole)?.into(),
        Err(_) => return None,
    };
    let range = match unit {
        Unit::Year => 1000..=2999,
        Unit::Quarter => 1..=4,
        Unit::Month => 1..=12,
        Unit::Week => 1..=53,
        Unit::DayOfYear => 1..=366,
        Unit::Day => 1..=31,
        Unit::Hour => 0..=24,
        Unit::Minute | Unit::Second => 0..=59,
        Unit::HourMinute if number % 100 < 60 => 0..=2400,
        Unit::HourMinute => return None,
        Unit::Time => 0..=86_400,
    };
    range.contains(&number).then_some(number)
}

/// The seconds after midnight of a part of a time of day.
pub(crate) fn seconds(unit: Unit, number: i64) -> i64 {
    match unit {
        Unit::Hour => number * 3600,
        Unit::Minute => number * 60,
        Unit::HourMinute => number / 100 * 3600 + number % 100 * 60,
        Unit::Second | Unit::Time => number,
        _ => 0,
    }
}

/// What a cell of a unit looks like, for messages.
pub(crate) fn form(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => "year (1000 to 2999)",
        Unit::Quarter => "quarter (1 to 4)",
        Unit::Month => "month (1 to 12, or its name)",
        Unit::Week => "ISO week (1 to 53)",
        Unit::DayOfYear => "day of the year (1 to 366)",
        Unit::Day => "day of the month (1 to 31)",
        Unit::Hour => "hour (0 to 24)",
        Unit::Minute => "minute (0 to 59)",
        Unit::Second => "second (0 to 59)",
        Unit::Time => "time of day (HH:MM)",
        Unit::HourMinute => "time of day (HHMM)",
    }
}
