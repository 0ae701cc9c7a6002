//! A form of timestamps: fields one after another, and how they are read.
//!
//! The forms themselves are listed in [`forms`](super::forms).

use super::{
    cursor::{Cursor, nanoseconds},
    timestamp::{Fields, Timestamp},
};
use crate::civil::DAY;

/// A way to write a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TimeForm {
    /// Its name in messages, if its pattern does not suffice.
    pub(crate) name: &'static str,
    /// Read from left to right; nothing may follow the last.
    pub(crate) fields: &'static [Field],
}

/// A part of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Four digits.
    Year,
    /// Four digits, 1000 to 2999, perhaps followed by `.0`.
    WholeYear,
    /// Four or two digits.
    YearOrShort,
    /// Two digits.
    ShortYear,
    /// The next four digits of a run, 1800 to 2199: fewer counts and identifiers look like dates then.
    Year4,
    /// One or two digits.
    Month,
    /// The next two digits of a run.
    Month2,
    MonthName,
    /// One or two digits, and the ending of an ordinal number.
    Day,
    /// The next two digits of a run.
    Day2,
    /// The name of a weekday, or nothing.
    Weekday,
    /// One digit, or two with a leading 0.
    Quarter,
    /// One digit.
    Half,
    /// One or two digits.
    Week,
    /// The next two digits of a run.
    Week2,
    /// One digit, Monday is 1.
    IsoWeekday,
    /// Three digits.
    DayOfYear,
    /// One of these characters.
    Sep(&'static str),
    /// The character of the last [`Field::Sep`] again.
    Same,
    /// At least one of these characters.
    Gap(&'static str),
    /// Any number of these characters.
    OptGap(&'static str),
    /// One of these words, ignoring case.
    Word(&'static [&'static str]),
    /// Separator, time of day and zone, or nothing.
    Clock,
    /// Separator, time of day and zone.
    SomeClock,
    /// A time of day at the start.
    Time,
    /// The digits of an hour, of a minute and of a second, as far as there are any.
    CompactClock,
    /// Units since 1970 of which so many make a second; 1975 to 2100.
    Unix(i64),
    /// Days since 30 December 1899, as spreadsheets count; 1954 to 2119.
    ExcelSerial,
    /// A year and the part of it that has passed, in whole or half months.
    YearAndMonths,
    /// A year and the part of it that has passed.
    YearAndPart,
}

impl TimeForm {
    /// The timestamp in `text` (trimmed), if it has this form throughout. Of an interval, its start.
    pub(crate) fn parse(&self, text: &str) -> Option<Timestamp> {
        match self.fields(text) {
            Some(fields) => fields.timestamp(),
            None => self.interval(text)?.timestamp(),
        }
    }

    fn fields(&self, text: &str) -> Option<Fields> {
        self.walk(text, &mut None)
    }

    /// The start of an interval whose end has this form too, or is a time of day.
    fn interval(&self, text: &str) -> Option<Fields> {
        const BETWEEN: [&str; 8] = [" - ", " – ", " — ", " to ", " bis ", " -> ", "/", "-"];
        if text.len() < 11 {
            return None;
        }
        BETWEEN.iter().find_map(|between| {
            let (start, end) = match *between {
                "-" => text
                    .rsplit_once('-')
                    .filter(|(start, _)| start.contains(':')),
                "/" => text.split_once('/').filter(|(start, _)| start.len() >= 7),
                other => text.split_once(other),
            }?;
            let mut fields = self.fields(start.trim())?;
            let end = end.trim();
            let is_time = || {
                let mut cursor = Cursor::new(end);
                cursor.time(&mut Fields::default()).is_some() && cursor.is_empty()
            };
            let ends = self.fields(end).is_some() || (end.contains(':') && is_time());
            fields.interval = true;
            ends.then_some(fields)
        })
    }

    /// The form in letters, with the separators of `example`.
    pub(crate) fn describe(&self, example: &str) -> String {
        if self.fields.len() == 1 {
            return self.name.to_owned();
        }
        let mut pattern = Some(String::new());
        if self.walk(example, &mut pattern).is_some() {
            return pattern.unwrap_or_default();
        }
        self.name.to_owned()
    }

    /// Reads `text`, and writes the letters of what was read to `pattern`.
    fn walk(&self, text: &str, pattern: &mut Option<String>) -> Option<Fields> {
        let mut at = Cursor::new(text);
        let mut fields = Fields::default();
        let mut separator = '-';
        let year_first = matches!(self.fields, [Field::Year | Field::Year4, ..]);
        for field in self.fields {
            let before = at.rest;
            field.read(&mut at, &mut fields, &mut separator, year_first)?;
            if let Some(pattern) = pattern {
                let read = &before[..before.len() - at.rest.len()];
                field.write(read, pattern);
            }
        }
        at.is_empty().then_some(fields)
    }
}

impl Field {
    fn read(
        self,
        at: &mut Cursor<'_>,
        fields: &mut Fields,
        separator: &mut char,
        year_first: bool,
    ) -> Option<()> {
        match self {
            Self::Year => fields.year = Some(at.number(4, 4)?),
            Self::WholeYear => {
                fields.year = Some(at.number(4, 4).filter(|year| (1000..3000).contains(year))?);
                decimals(at)
                    .bytes()
                    .all(|digit| digit == b'0')
                    .then_some(())?;
            }
            Self::YearOrShort => at.year(fields)?,
            Self::ShortYear => (at.digits() == 2).then(|| at.year(fields))??,
            Self::Year4 => fields.year = Some(at.exactly(4).filter(|y| (1800..2200).contains(y))?),
            Self::Month => fields.month = Some(at.number(1, 2)? as u32),
            Self::Month2 => fields.month = Some(at.exactly(2)? as u32),
            Self::MonthName => fields.month = Some(at.month_name()?),
            Self::Day => {
                fields.day = Some(at.number(1, 2)? as u32);
                at.ordinal();
            }
            Self::Day2 => fields.day = Some(at.exactly(2)? as u32),
            Self::Weekday => at.weekday(),
            Self::Quarter => {
                at.text("0");
                fields.quarter = Some(at.number(1, 1)?);
            }
            Self::Half => fields.half = Some(at.number(1, 1)?),
            Self::Week => fields.week = Some(at.number(1, 2)? as u32),
            Self::Week2 => fields.week = Some(at.exactly(2)? as u32),
            Self::IsoWeekday => fields.weekday = Some(at.number(1, 1)? as u32),
            Self::DayOfYear => fields.day_of_year = Some(at.number(3, 3)? as u32),
            Self::Sep(allowed) => *separator = at.one_of(allowed)?,
            Self::Same => {
                at.rest = at.rest.strip_prefix(*separator)?;
            }
            Self::Gap(allowed) => at.gap(allowed).then_some(())?,
            Self::OptGap(allowed) => {
                at.gap(allowed);
            }
            Self::Word(words) => words.iter().find_map(|word| at.text(word))?,
            Self::Clock => at.clock(fields, year_first)?,
            Self::SomeClock => {
                (!at.is_empty()).then_some(())?;
                at.clock(fields, year_first)?;
            }
            Self::Time => {
                at.rest
                    .bytes()
                    .take(3)
                    .any(|byte| byte == b':')
                    .then_some(())?;
                at.time(fields)?;
            }
            Self::CompactClock => compact_clock(at, fields)?,
            Self::Unix(per_second) => unix(at, fields, per_second)?,
            Self::ExcelSerial => excel_serial(at, fields)?,
            Self::YearAndMonths => year_and_part(at, fields, true)?,
            Self::YearAndPart => year_and_part(at, fields, false)?,
        }
        Some(())
    }

    /// Writes the letters of the field for the text that it was read from.
    fn write(self, read: &str, pattern: &mut String) {
        let digits = read.bytes().filter(u8::is_ascii_digit).count();
        let letters = |label: &str| label[..digits.min(label.len())].to_owned();
        match self {
            Self::Year | Self::YearOrShort | Self::ShortYear | Self::Year4 => {
                *pattern += &letters("YYYY");
            }
            Self::Month | Self::Month2 => *pattern += &letters("MM"),
            Self::Day | Self::Day2 => *pattern += &letters("DD"),
            Self::MonthName => *pattern += "Mon",
            Self::Weekday if !read.is_empty() => {
                *pattern += "weekday";
                *pattern += read.trim_start_matches(char::is_alphabetic);
            }
            Self::Quarter | Self::Half | Self::IsoWeekday => pattern.push('n'),
            Self::Week | Self::Week2 => *pattern += &letters("WW"),
            Self::DayOfYear => *pattern += "DDD",
            Self::Clock | Self::SomeClock | Self::Time | Self::CompactClock => {
                write_clock(read, self == Self::CompactClock, pattern);
            }
            _ => *pattern += read,
        }
    }
}

/// Writes a time of day and a zone in letters.
fn write_clock(read: &str, compact: bool, pattern: &mut String) {
    if compact {
        *pattern += &"HHMMSS"[..read.len().min(6)];
        return;
    }
    let mut labels = ["HH", "MM", "SS", "fff"].iter();
    let mut rest = read;
    let mut began = false;
    while let Some(first) = rest.chars().next() {
        let class = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
        let run = rest
            .find(|c| class(c) != class(first))
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(run);
        match first {
            '0'..='9' if run > 3 && !began => *pattern += &"HHMMSS"[..run.min(6)],
            '0'..='9' => {
                let label = labels.next().copied().unwrap_or("");
                let length = if label == "fff" {
                    3
                } else {
                    run.min(label.len())
                };
                *pattern += &label[..length];
            }
            '+' | '-' | '−' if began => {
                *pattern += "±HH:MM";
                return;
            }
            _ if matches!(text.to_ascii_lowercase().as_str(), "am" | "pm" | "a" | "p") => {
                *pattern += "AM";
            }
            _ if first.is_alphabetic() && run > 1 => *pattern += "zone",
            _ => *pattern += text,
        }
        began |= first.is_ascii_digit();
        rest = after;
    }
}

fn compact_clock(at: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    let digits = at.rest.len();
    if !matches!(digits, 0 | 2 | 4 | 6) {
        return None;
    }
    let mut part = |most: i64| match at.rest {
        "" => Some(0),
        _ => at.exactly(2).filter(|number| *number < most),
    };
    let (hour, minute, second) = (part(24)?, part(60)?, part(60)?);
    fields.of_day = hour * 3600 + minute * 60 + second;
    Some(())
}

/// The digits after a point, which may be missing.
fn decimals<'a>(at: &mut Cursor<'a>) -> &'a str {
    let before = *at;
    if at.one_of(".,").is_none() {
        return "";
    }
    let (digits, rest) = at.rest.split_at(at.digits());
    at.rest = rest;
    if digits.is_empty() {
        *at = before;
    }
    digits
}

fn unix(at: &mut Cursor<'_>, fields: &mut Fields, per_second: i64) -> Option<()> {
    let units = at.number(9, 19)?;
    let below = decimals(at);
    let seconds = units.div_euclid(per_second);
    if !(157_766_400..4_102_444_800).contains(&seconds) {
        return None;
    }
    fields.since_1970 = Some(seconds);
    fields.offset = Some(0);
    // Decimals of a millisecond are digits of the second after those of `units`.
    let digits = per_second.ilog10() as usize;
    let part = match digits {
        0 => String::new(),
        _ => format!("{:0digits$}", units % per_second),
    };
    fields.nanosecond = nanoseconds(&(part + below));
    Some(())
}

fn excel_serial(at: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    const FIRST: i64 = -25_569 * DAY;
    let days = at
        .number(5, 5)
        .filter(|days| (20_000..80_000).contains(days))?;
    let below = decimals(at);
    let part: f64 = format!("0.{below}").parse().ok()?;
    // The resolution of so few decimals.
    let unit = match below.len() {
        0 => DAY,
        1 | 2 => 900,
        3 => 300,
        4 => 60,
        _ => 1,
    };
    let seconds = (part * DAY as f64 / unit as f64).round() as i64 * unit;
    fields.since_1970 = Some(FIRST + days * DAY + seconds);
    Some(())
}

fn year_and_part(at: &mut Cursor<'_>, fields: &mut Fields, months: bool) -> Option<()> {
    let year = at.number(4, 4).filter(|year| (1000..3000).contains(year))?;
    let below = decimals(at);
    let part: f64 = format!("0.{below}").parse().ok()?;
    fields.year = Some(year);
    if months {
        // Months are written by their start (0, 0.083, …) or their middle (0.042, 0.125, …).
        let month = part * 12.0;
        let whole = (month - month.round()).abs() < 0.06;
        let half = (month.fract() - 0.5).abs() < 0.06;
        (below.len() > 1 && (whole || half)).then_some(())?;
        let month = if whole { month.round() } else { month.floor() } as u32;
        (month < 12).then_some(())?;
        fields.month = Some(month + 1);
    } else {
        (below.len() > 2).then_some(())?;
        let leap = crate::civil::days_in_month(year, 2) == 29;
        let days = if leap { 366.0 } else { 365.0 };
        // Three or four decimals resolve days, more resolve hours.
        let unit = if below.len() < 5 { 1.0 } else { 24.0 };
        let passed = (part * days * unit).round() / unit;
        let first = crate::civil::date_seconds(year, 1, 1)?;
        fields.since_1970 = Some(first + (passed * DAY as f64).round() as i64);
    }
    Some(())
}
