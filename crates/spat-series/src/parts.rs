//! Stamps spread over columns of whole numbers: year, month, day, hour.

use crate::{
    civil, error::ReadError, error::shorten_list, options::CalendarColumns, sample::Sample,
    stamp_form,
};

/// The calendar parts, from large to small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Year,
    Quarter,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// Columns that make up a stamp, the year first.
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

    /// Columns whose names and contents say that they are parts of a stamp: a year, and a month or
    /// a quarter, with what comes below without a step left out.
    pub(crate) fn find(sample: &Sample, names: &[String], skip: usize) -> Option<Self> {
        let find = |unit: Unit, titles: &[&str]| {
            let place = names.iter().position(|name| {
                titles
                    .iter()
                    .any(|title| title.eq_ignore_ascii_case(name.trim()))
            })?;
            let mut cells = sample.column(place, skip).peekable();
            cells.peek()?;
            cells
                .all(|cell| number(unit, cell).is_some())
                .then_some((unit, place))
        };
        let mut columns = vec![find(Unit::Year, &["year", "yr", "yyyy"])?];
        match find(Unit::Month, &["month", "mon", "mo", "mnth", "mm"]) {
            None => columns.push(find(Unit::Quarter, &["quarter", "qtr", "q"])?),
            Some(month) => {
                columns.push(month);
                let below = [
                    find(Unit::Day, &["day", "dy", "mday", "dd", "dom"]),
                    find(Unit::Hour, &["hour", "hr", "hh", "hours"]),
                    find(Unit::Minute, &["minute", "min", "minutes"]),
                    find(Unit::Second, &["second", "sec", "seconds"]),
                ];
                columns.extend(below.into_iter().map_while(|part| part));
            }
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

    /// The stamp made of `values`, one per column; `None` if the calendar has no such moment.
    pub(crate) fn stamp(&self, values: &[i64]) -> Option<i64> {
        let get = |unit: Unit| {
            let place = self.columns.iter().position(|(other, _)| *other == unit)?;
            values.get(place).copied()
        };
        let year = get(Unit::Year)?;
        let day = get(Unit::Day).unwrap_or(1) as u32;
        let date = match (get(Unit::Month), get(Unit::Quarter)) {
            (None, Some(quarter)) => stamp_form::quarter_seconds(year, quarter)?,
            (month, _) => civil::date_seconds(year, month.unwrap_or(1) as u32, day)?,
        };
        let clock = |unit| get(unit).unwrap_or(0);
        Some(date + clock(Unit::Hour) * 3600 + clock(Unit::Minute) * 60 + clock(Unit::Second))
    }
}

/// The whole number in a cell, `3` or `3.0`, if it is in the unit's range. An hour may be 24.
pub(crate) fn number(unit: Unit, cell: &str) -> Option<i64> {
    let cell = cell.trim();
    let whole = match cell.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        _ => cell,
    };
    let number: i64 = whole.parse().ok()?;
    let range = match unit {
        Unit::Year => 1000..=2999,
        Unit::Quarter => 1..=4,
        Unit::Month => 1..=12,
        Unit::Day => 1..=31,
        Unit::Hour => 0..=24,
        Unit::Minute | Unit::Second => 0..=59,
    };
    range.contains(&number).then_some(number)
}

/// The parts of `columns` as a form that messages show.
pub(crate) fn form(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => "year (1000 to 2999)",
        Unit::Quarter => "quarter (1 to 4)",
        Unit::Month => "month (1 to 12)",
        Unit::Day => "day of the month (1 to 31)",
        Unit::Hour => "hour (0 to 23)",
        Unit::Minute => "minute (0 to 59)",
        Unit::Second => "second (0 to 59)",
    }
}
