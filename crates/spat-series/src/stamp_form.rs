//! The forms in which files have time stamps.

use crate::{civil, cursor::Cursor, stamp::Stamp};

/// The order of the parts of a stamp. A time of day may follow every form that ends with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    YearMonthDay,
    MonthDayYear,
    DayMonthYear,
    DayMonthNameYear,
    MonthNameDayYear,
    MonthNameYear,
    YearMonth,
    MonthYear,
    YearQuarter,
    /// `20160701`, `2016070105`, `201607010530` or `20160701053000`.
    Compact,
    Year,
    UnixSeconds,
    UnixMilliseconds,
    UnixMicroseconds,
    UnixNanoseconds,
}

impl Form {
    /// Forms that no plain number has.
    pub(crate) const EVIDENT: [Self; 9] = [
        Self::YearMonthDay,
        Self::MonthDayYear,
        Self::DayMonthYear,
        Self::DayMonthNameYear,
        Self::MonthNameDayYear,
        Self::MonthNameYear,
        Self::YearMonth,
        Self::MonthYear,
        Self::YearQuarter,
    ];

    /// Forms that could be a quantity as well.
    pub(crate) const NUMERIC: [Self; 6] = [
        Self::Compact,
        Self::Year,
        Self::UnixSeconds,
        Self::UnixMilliseconds,
        Self::UnixMicroseconds,
        Self::UnixNanoseconds,
    ];

    /// The stamp in `text` (trimmed), if it has this form throughout.
    pub(crate) fn parse(self, text: &str) -> Option<Stamp> {
        let mut at = Cursor {
            rest: text.as_bytes(),
        };
        match self {
            Self::YearMonthDay => {
                let year = at.number(4, 4)?;
                let separator = at.separator(b"-/.")?;
                let month = at.number(1, 2)?;
                at.byte(separator)?;
                let day = at.number(1, 2)?;
                at.clock(civil::date_seconds(year, month as u32, day as u32)?)
            }
            Self::MonthDayYear | Self::DayMonthYear => {
                let first = at.number(1, 2)? as u32;
                let separator = at.separator(b"-/.")?;
                let second = at.number(1, 2)? as u32;
                at.byte(separator)?;
                let year = at.year()?;
                let (month, day) = if self == Self::MonthDayYear {
                    (first, second)
                } else {
                    (second, first)
                };
                at.clock(civil::date_seconds(year, month, day)?)
            }
            Self::DayMonthNameYear => {
                at.weekday();
                let day = at.number(1, 2)?;
                at.separator(b"- ./")?;
                let month = at.month_name()?;
                at.separator(b"- ./,")?;
                at.blanks();
                let year = at.year()?;
                at.clock(civil::date_seconds(year, month, day as u32)?)
            }
            Self::MonthNameDayYear => {
                at.weekday();
                let month = at.month_name()?;
                at.separator(b"- .")?;
                at.blanks();
                let day = at.number(1, 2)?;
                at.separator(b"- ,")?;
                at.blanks();
                let year = at.number(4, 4)?;
                at.clock(civil::date_seconds(year, month, day as u32)?)
            }
            Self::MonthNameYear => {
                let month = at.month_name()?;
                at.separator(b"- ./,")?;
                at.blanks();
                let year = at.year()?;
                at.end(civil::date_seconds(year, month, 1)?)
            }
            Self::YearMonth => {
                let year = at.number(4, 4)?;
                at.separator(b"-/Mm")?;
                let month = at.number(1, 2)?;
                at.end(civil::date_seconds(year, month as u32, 1)?)
            }
            Self::MonthYear => {
                let month = at.number(1, 2)?;
                at.separator(b"-/")?;
                let year = at.number(4, 4)?;
                at.end(civil::date_seconds(year, month as u32, 1)?)
            }
            Self::YearQuarter => {
                let (year, quarter) = if at.separator(b"Qq").is_some() {
                    let quarter = at.number(1, 1)?;
                    at.separator(b"-/ ")?;
                    (at.number(4, 4)?, quarter)
                } else {
                    let year = at.number(4, 4)?;
                    at.separator(b"-/: ");
                    at.separator(b"Qq")?;
                    (year, at.number(1, 1)?)
                };
                at.end(quarter_seconds(year, quarter)?)
            }
            Self::Compact => compact(text),
            Self::Year => {
                let year = at.number(4, 4)?;
                at.zero_fraction();
                at.end(civil::date_seconds(year, 1, 1).filter(|_| (1000..3000).contains(&year))?)
            }
            Self::UnixSeconds => unix(text, 1),
            Self::UnixMilliseconds => unix(text, 1_000),
            Self::UnixMicroseconds => unix(text, 1_000_000),
            Self::UnixNanoseconds => unix(text, 1_000_000_000),
        }
    }

    /// The form in letters, with the separators of `example`.
    pub(crate) fn describe(self, example: &str) -> String {
        let labels: &[&str] = match self {
            Self::YearMonthDay => &["YYYY", "MM", "DD"],
            Self::MonthDayYear => &["MM", "DD", "YYYY"],
            Self::DayMonthYear => &["DD", "MM", "YYYY"],
            Self::DayMonthNameYear | Self::MonthNameDayYear => &["DD", "YYYY"],
            Self::MonthNameYear => &["YYYY"],
            Self::YearMonth => &["YYYY", "MM"],
            Self::MonthYear => &["MM", "YYYY"],
            Self::YearQuarter => return "year and quarter (YYYYQn)".to_owned(),
            Self::Compact => return "YYYYMMDDHHMMSS"[..example.len().clamp(8, 14) & !1].to_owned(),
            Self::Year => return "year (YYYY)".to_owned(),
            Self::UnixSeconds => return "Unix seconds".to_owned(),
            Self::UnixMilliseconds => return "Unix milliseconds".to_owned(),
            Self::UnixMicroseconds => return "Unix microseconds".to_owned(),
            Self::UnixNanoseconds => return "Unix nanoseconds".to_owned(),
        };
        let mut labels = labels.iter().chain(&["HH", "MM", "SS", "fff"]);
        let mut pattern = String::new();
        let mut rest = example;
        while let Some(first) = rest.chars().next() {
            let class = |c: char| (c.is_ascii_digit(), c.is_ascii_alphabetic());
            let run = rest
                .find(|c| class(c) != class(first))
                .unwrap_or(rest.len());
            let (text, after) = rest.split_at(run);
            if first.is_ascii_digit() {
                let label = labels.next().unwrap_or(&"");
                // One digit is written with one letter, a year of two with two; a fraction is as
                // long as it is.
                let letters = if *label == "fff" {
                    label.len()
                } else {
                    text.len()
                };
                pattern.push_str(&label[..letters.min(label.len())]);
            } else if first.is_ascii_alphabetic() && run > 2 {
                pattern.push_str("Mon");
            } else {
                pattern.push_str(text);
            }
            // A zone follows the clock; its digits have no labels of their own.
            let clock_began = pattern.contains(':');
            if clock_began && after.starts_with(['+', '-']) {
                pattern.push_str("±HH:MM");
                break;
            }
            rest = after;
        }
        pattern
    }
}

/// Whether `text` (trimmed) is a stamp that no plain number is.
pub(crate) fn is_evident_stamp(text: &str) -> bool {
    Form::EVIDENT.iter().any(|form| form.parse(text).is_some())
}

/// The first second of a quarter, 1 to 4.
pub(crate) fn quarter_seconds(year: i64, quarter: i64) -> Option<i64> {
    let month = (1..=4)
        .contains(&quarter)
        .then_some(quarter as u32 * 3 - 2)?;
    civil::date_seconds(year, month, 1)
}

/// Digits run together; only years in which someone may have measured something, so that counts
/// and identifiers are less often taken for dates.
fn compact(text: &str) -> Option<Stamp> {
    let digits = text.as_bytes();
    let part = |from: usize, to: usize| match digits.get(from..to) {
        None => Some(0),
        Some(part) => (Cursor { rest: part }).number(to - from, to - from),
    };
    if !matches!(digits.len(), 8 | 10 | 12 | 14) {
        return None;
    }
    let year = part(0, 4).filter(|year| (1800..2200).contains(year))?;
    let date = civil::date_seconds(year, part(4, 6)? as u32, part(6, 8)? as u32)?;
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    (hour < 24 && minute < 60 && second < 60)
        .then(|| Stamp::plain(date + hour * 3600 + minute * 60 + second))
}

/// Whole units since 1970, of which `per_second` make a second; 1975 to 2100 only.
fn unix(text: &str, per_second: i64) -> Option<Stamp> {
    let mut at = Cursor {
        rest: text.as_bytes(),
    };
    let units = at.number(9, 19)?;
    at.zero_fraction();
    let stamp = at.end(units.div_euclid(per_second))?;
    let in_range = (157_766_400..4_102_444_800).contains(&stamp.seconds);
    in_range.then_some(Stamp {
        fraction: units % per_second != 0,
        zoned: true,
        ..stamp
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::format_stamp;

    fn read(form: Form, text: &str) -> String {
        form.parse(text)
            .map_or_else(|| "none".to_owned(), |stamp| format_stamp(stamp.seconds))
    }

    #[test]
    fn each_form() {
        let midnight = "2016-07-01 00:00:00";
        let table = [
            (Form::YearMonthDay, "2016-07-01", midnight),
            (
                Form::YearMonthDay,
                "2016-07-01 05:30:09",
                "2016-07-01 05:30:09",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01T05:30",
                "2016-07-01 05:30:00",
            ),
            (Form::YearMonthDay, "2016/7/1 5:30", "2016-07-01 05:30:00"),
            (
                Form::YearMonthDay,
                "2016-07-01 24:00",
                "2016-07-02 00:00:00",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01T00:30:00+01:00",
                "2016-06-30 23:30:00",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01T00:30:00.250-0230",
                "2016-07-01 03:00:00",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01T00:30:00Z",
                "2016-07-01 00:30:00",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01 00:30:00 UTC",
                "2016-07-01 00:30:00",
            ),
            (Form::YearMonthDay, "2016-07/01", "none"),
            (Form::YearMonthDay, "2016-02-30", "none"),
            (Form::YearMonthDay, "2016-07-01 25:00", "none"),
            (Form::YearMonthDay, "2016-07-01 x", "none"),
            (Form::MonthDayYear, "7/1/2016 0:00", midnight),
            (
                Form::MonthDayYear,
                "07/01/16 12:05 AM",
                "2016-07-01 00:05:00",
            ),
            (
                Form::MonthDayYear,
                "7/1/2016 1:05:02 pm",
                "2016-07-01 13:05:02",
            ),
            (Form::DayMonthYear, "1.7.2016", midnight),
            (
                Form::DayMonthYear,
                "01.07.2016 00:10:00",
                "2016-07-01 00:10:00",
            ),
            (Form::DayMonthYear, "01.07.016", "none"),
            (Form::DayMonthNameYear, "1-Jul-2016", midnight),
            (
                Form::DayMonthNameYear,
                "Fri, 01 Jul 2016 00:00:00 GMT",
                midnight,
            ),
            (Form::MonthNameDayYear, "Jul 1 2016", midnight),
            (
                Form::MonthNameDayYear,
                "July 1, 2016 03:00",
                "2016-07-01 03:00:00",
            ),
            (Form::MonthNameYear, "July 2016", midnight),
            (Form::MonthNameYear, "Sept-99", "1999-09-01 00:00:00"),
            (Form::MonthNameYear, "Jux 2016", "none"),
            (Form::YearMonth, "2016-07", midnight),
            (Form::YearMonth, "2016M7", midnight),
            (Form::MonthYear, "07/2016", midnight),
            (Form::YearQuarter, "2016Q3", midnight),
            (Form::YearQuarter, "2016-Q3", midnight),
            (Form::YearQuarter, "Q3 2016", midnight),
            (Form::YearQuarter, "2016Q5", "none"),
            (Form::Compact, "20160701", midnight),
            (Form::Compact, "201607010530", "2016-07-01 05:30:00"),
            (Form::Compact, "20161301", "none"),
            (Form::Year, "2016", "2016-01-01 00:00:00"),
            (Form::Year, "2016.0", "2016-01-01 00:00:00"),
            (Form::UnixSeconds, "1467331200", midnight),
            (Form::UnixSeconds, "1467331200.0", midnight),
            (Form::UnixSeconds, "12", "none"),
            (Form::UnixMilliseconds, "1467331200000", midnight),
            (Form::UnixNanoseconds, "1467331200000000000", midnight),
            (Form::UnixNanoseconds, "99999999999999999999999", "none"),
        ];
        for (form, text, expected) in table {
            assert_eq!(read(form, text), expected, "{form:?} {text}");
        }
    }

    #[test]
    fn nothing_short_of_a_stamp() {
        for form in Form::EVIDENT.into_iter().chain(Form::NUMERIC) {
            for text in [
                "",
                "-",
                ":",
                "Q",
                "Jul",
                "2016-",
                "1/1/",
                "é",
                "2016-07-01 ",
                "1.5",
                "T",
            ] {
                assert_eq!(form.parse(text), None, "{form:?} {text:?}");
            }
        }
        assert!(
            !is_evident_stamp("2016.07") && !is_evident_stamp("1.5") && !is_evident_stamp("12")
        );
    }

    #[test]
    fn names_of_forms() {
        let table = [
            (
                Form::YearMonthDay,
                "2016-07-01 05:30:09",
                "YYYY-MM-DD HH:MM:SS",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01T05:30:09.123Z",
                "YYYY-MM-DDTHH:MM:SS.fffZ",
            ),
            (
                Form::YearMonthDay,
                "2016-07-01T05:30:09+01:00",
                "YYYY-MM-DDTHH:MM:SS±HH:MM",
            ),
            (Form::MonthDayYear, "7/1/16 5:30", "M/D/YY H:MM"),
            (Form::DayMonthNameYear, "1-Jul-2016", "D-Mon-YYYY"),
            (Form::Compact, "2016070105", "YYYYMMDDHH"),
        ];
        for (form, example, expected) in table {
            assert_eq!(form.describe(example), expected);
        }
        // Only cells that parse are described, but no text may hurt.
        for text in ["", "12345678901234567890é", "é:+é", "1:2:3:4:5:6:7:8"] {
            Form::DayMonthYear.describe(text);
            Form::Compact.describe(text);
        }
    }
}
