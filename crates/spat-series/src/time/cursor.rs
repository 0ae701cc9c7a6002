//! Reading a time from left to right.

use super::{names, timestamp::Fields};
use crate::civil::DAY;

/// The nanoseconds of the decimals of a second; digits beyond the ninth are cut off.
pub(crate) fn nanoseconds(decimals: &str) -> u32 {
    let digits = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

/// The rest of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Digits at the start.
    pub(crate) fn digits(&self) -> usize {
        let bytes = self.rest.bytes();
        bytes.take_while(u8::is_ascii_digit).count()
    }

    /// A run of `least` to `most` digits.
    pub(crate) fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.digits();
        (least..=most)
            .contains(&digits)
            .then(|| self.take(digits))?
    }

    /// The first `count` digits of a run.
    pub(crate) fn exactly(&mut self, count: usize) -> Option<i64> {
        (self.digits() >= count).then(|| self.take(count))?
    }

    fn take(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.parse().ok()
    }

    /// Skips one of the characters `allowed` and returns it.
    pub(crate) fn one_of(&mut self, allowed: &str) -> Option<char> {
        let first = self.rest.chars().next().filter(|c| allowed.contains(*c))?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    /// Skips all of the characters `allowed` at the start and returns whether there was one.
    pub(crate) fn all_of(&mut self, allowed: &str) -> bool {
        let rest = self.rest.trim_start_matches(|c| allowed.contains(c));
        let found = rest.len() < self.rest.len();
        self.rest = rest;
        found
    }

    /// Skips `word`, ignoring case.
    pub(crate) fn text(&mut self, word: &str) -> Option<()> {
        let front = self.rest.get(..word.len())?;
        if !front.eq_ignore_ascii_case(word) {
            return None;
        }
        self.rest = &self.rest[word.len()..];
        Some(())
    }

    /// Skips the first of `words` that ends here, ignoring case.
    fn whole_word(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let before = *self;
        for word in words {
            if self.text(word).is_some() && !self.rest.starts_with(char::is_alphabetic) {
                return Some(word);
            }
            *self = before;
        }
        None
    }

    /// Letters at the start.
    pub(crate) fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphabetic());
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// The name of a month, with the point of an abbreviation.
    pub(crate) fn month_name(&mut self) -> Option<u32> {
        let month = names::month(self.word())?;
        Some(month)
    }

    /// Skips the name of a weekday, if there is one.
    pub(crate) fn weekday(&mut self) {
        let before = *self;
        if names::is_weekday(self.word()) && self.all_of("., ") {
            return;
        }
        *self = before;
    }

    /// Skips the ending of an ordinal number.
    pub(crate) fn ordinal(&mut self) {
        let before = *self;
        if self.one_of("ºª").is_some() {
            return;
        }
        if !["st", "nd", "rd", "th", "er"].contains(&names::fold(self.word()).as_str()) {
            *self = before;
        }
    }

    /// Skips separators and the words that some languages have between day, month and year.
    pub(crate) fn gap(&mut self, allowed: &str) -> bool {
        let mut found = self.all_of(allowed);
        let before = *self;
        if allowed.contains(' ') && ["de", "del", "of"].contains(&self.word()) && self.all_of(" ") {
            found = true;
        } else {
            *self = before;
        }
        found
    }

    /// A year of four digits, or of two: 00 to 29 are 2000 to 2029, 30 to 99 are 1930 to 1999, as
    /// in spreadsheets.
    pub(crate) fn year(&mut self, fields: &mut Fields) -> Option<()> {
        fields.short_year = self.digits() == 2;
        let year = self.number(2, 4)?;
        fields.year = Some(match (fields.short_year, year) {
            (true, 30..) => 1900 + year,
            (true, _) => 2000 + year,
            (false, 1000..) => year,
            _ => return None,
        });
        Some(())
    }

    /// An optional time of day and zone after a date.
    pub(crate) fn clock(&mut self, fields: &mut Fields, year_first: bool) -> Option<()> {
        if self.is_empty() {
            return Some(());
        }
        if self.all_of(" ,") {
            // "2023-01-01 T 00:00" and "1/1/2023, 12:00 AM" have more than one separator.
            self.one_of("Tt");
        } else {
            let separator = self.one_of("Tt_-:@")?;
            let plain = separator.eq_ignore_ascii_case(&'T');
            let digits = self.digits();
            if !plain && !self.rest[digits..].starts_with(':') && digits < 4 {
                return None;
            }
        }
        self.time(fields)?;
        self.zone(fields, year_first)
    }

    /// A time of day: `5`, `05:30`, `5:30:09.25 pm`, `05.30.09`, `05h30`, `0530`, `053009`.
    pub(crate) fn time(&mut self, fields: &mut Fields) -> Option<()> {
        let (mut minute, mut second) = (0, 0);
        let digits = self.digits();
        let mut hour = if digits == 4 || digits == 6 {
            self.exactly(2)?
        } else {
            self.number(1, 2)?
        };
        if digits == 4 || digits == 6 {
            minute = self.exactly(2)?;
            second = if digits == 6 { self.exactly(2)? } else { 0 };
            if digits == 6 {
                fields.nanosecond = self.fraction();
            }
        } else if let Some(separator) = self.one_of(":.hH時时") {
            match self.number(2, 2) {
                Some(number) => minute = number,
                // "5h" has no minutes; all other separators do.
                None if "hH時时".contains(separator) => {}
                None => return None,
            }
            self.one_of("分");
            if self
                .one_of(if separator == '.' { "." } else { ":" })
                .is_some()
            {
                second = self.number(2, 2)?;
                fields.nanosecond = self.fraction();
            }
        }
        let before = *self;
        self.all_of(" \u{a0}\u{202f}");
        if let Some(half) = self.whole_word(&["a.m.", "p.m.", "am", "pm"]) {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half.starts_with('p') { 12 } else { 0 };
        } else if self.whole_word(&["uhr", "hrs", "h"]).is_none() {
            *self = before;
        }
        // 24:00 is the midnight that ends the day, and a leap second the second after it.
        let in_day = hour < 24 || (hour == 24 && minute == 0 && second == 0);
        if !in_day || minute > 59 || second > 60 {
            return None;
        }
        fields.of_day = hour * 3600 + minute * 60 + second;
        Some(())
    }

    /// A fraction of a second in nanoseconds, or 0 where there is none.
    fn fraction(&mut self) -> u32 {
        let before = *self;
        if self.one_of(".,:").is_none() || self.digits() == 0 {
            *self = before;
            return 0;
        }
        let (digits, rest) = self.rest.split_at(self.digits());
        self.rest = rest;
        nanoseconds(digits)
    }

    /// An optional zone: `Z`, `UTC`, `CET`, `+01`, `+0100`, `+01:00`, `UTC+1`, and the name in brackets
    /// that may follow. `None` if what follows is not a zone.
    pub(crate) fn zone(&mut self, fields: &mut Fields, year_first: bool) -> Option<()> {
        self.all_of(" ");
        if self.is_empty() {
            return Some(());
        }
        let bracket = self.one_of("(").is_some();
        let word = self.word();
        let mut offset = if word.is_empty() {
            None
        } else {
            Some(names::zone(word)?)
        };
        let signed = self.rest.starts_with(['+', '-', '−']);
        if signed && (word.is_empty() || names::is_utc(word)) {
            offset = Some(self.offset(year_first)?);
        }
        fields.offset = Some(offset?);
        if bracket {
            self.one_of(")")?;
        }
        if self.one_of("[").is_some() {
            self.rest = self.rest.strip_suffix(']').map(|_| "")?;
        }
        Some(())
    }

    /// An offset from UTC in seconds.
    fn offset(&mut self, year_first: bool) -> Option<i64> {
        let negative = self.one_of("+-−")? != '+';
        let (hours, minutes) = match self.digits() {
            4 => (self.exactly(2)?, self.exactly(2)?),
            _ => {
                let hours = self.number(1, 2)?;
                let colon = self.one_of(":").is_some();
                // "01.01.2023 00:15-00:30" is an interval: offsets with a colon follow ISO dates.
                if colon && negative && !year_first {
                    return None;
                }
                (hours, if colon { self.number(2, 2)? } else { 0 })
            }
        };
        let offset = hours * 3600 + minutes * 60;
        let known = offset < DAY && minutes < 60;
        known.then_some(if negative { -offset } else { offset })
    }
}
