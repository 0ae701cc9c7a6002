//! Reading a stamp from left to right.

use crate::{civil::DAY, stamp::Stamp};

/// What is left of a cell.
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
}

impl Cursor<'_> {
    /// A run of `least` to `most` digits.
    pub(crate) fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits < least || digits > most {
            return None;
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.iter().try_fold(0_i64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
        })
    }

    /// A year of four digits, or of two: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068 (as
    /// POSIX `strptime` has it).
    pub(crate) fn year(&mut self) -> Option<i64> {
        let digits = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let year = self.number(2, 4).filter(|_| digits != 3)?;
        Some(match (digits, year) {
            (2, 69..) => 1900 + year,
            (2, _) => 2000 + year,
            _ => year,
        })
    }

    pub(crate) fn separator(&mut self, allowed: &[u8]) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        let found = allowed.contains(&first).then_some(first);
        if found.is_some() {
            self.rest = rest;
        }
        found
    }

    pub(crate) fn byte(&mut self, byte: u8) -> Option<u8> {
        self.separator(&[byte])
    }

    pub(crate) fn blanks(&mut self) {
        while self.separator(b" ").is_some() {}
    }

    /// `.0`, `.00` …: how software writes a whole number it kept as a fraction.
    pub(crate) fn zero_fraction(&mut self) {
        if self.rest.first() == Some(&b'.') && self.rest[1..].iter().all(|&byte| byte == b'0') {
            self.rest = &[];
        }
    }

    fn word(&mut self) -> &[u8] {
        let letters = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (word, rest) = self.rest.split_at(letters);
        self.rest = rest;
        word
    }

    pub(crate) fn month_name(&mut self) -> Option<u32> {
        const NAMES: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let word = self.word().to_ascii_lowercase();
        let month = NAMES.iter().position(|name| {
            (word.len() == 3 || word == b"sept" || word.len() == name.len())
                && name.as_bytes().starts_with(&word)
        })?;
        Some(month as u32 + 1)
    }

    /// Passes over the name of a weekday, if there is one.
    pub(crate) fn weekday(&mut self) {
        const NAMES: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
        let before = self.rest;
        let word = self.word().to_ascii_lowercase();
        if word.len() >= 3 && NAMES.contains(&&word[..3]) {
            self.separator(b",");
            self.blanks();
        } else {
            self.rest = before;
        }
    }

    pub(crate) fn end(&self, seconds: i64) -> Option<Stamp> {
        self.rest.is_empty().then(|| Stamp::plain(seconds))
    }

    /// An optional time of day and zone after the date that starts at `date`.
    pub(crate) fn clock(&mut self, date: i64) -> Option<Stamp> {
        if self.rest.is_empty() {
            return Some(Stamp::plain(date));
        }
        self.separator(b"Tt ")?;
        self.blanks();
        let mut hour = self.number(1, 2)?;
        let (mut minute, mut second, mut fraction) = (0, 0, false);
        if self.byte(b':').is_some() {
            minute = self.number(2, 2)?;
            if self.byte(b':').is_some() {
                second = self.number(2, 2)?;
                if self.separator(b".,").is_some() {
                    let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
                    fraction = self.rest[..digits].iter().any(|&b| b != b'0');
                    self.rest = &self.rest[digits..];
                }
            }
        }
        self.blanks();
        if let Some(half) = self.separator(b"AaPp") {
            self.separator(b"Mm")?;
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12
                + if half.eq_ignore_ascii_case(&b'p') {
                    12
                } else {
                    0
                };
            self.blanks();
        }
        // 24:00 is the midnight that ends the day, and a leap second the second after it.
        let in_day = hour < 24 || (hour == 24 && minute == 0 && second == 0);
        if !in_day || minute > 59 || second > 60 {
            return None;
        }
        let mut stamp = Stamp::plain(date + hour * 3600 + minute * 60 + second);
        stamp.fraction = fraction;
        if let Some(offset) = self.zone()? {
            stamp.zoned = true;
            stamp.seconds -= offset;
        }
        self.end(0).map(|_| stamp)
    }

    /// An optional zone as an offset in seconds: `Z`, `UTC`, `GMT`, `+01`, `+0100`, `+01:00`.
    /// The outer `None` is a zone that is none.
    fn zone(&mut self) -> Option<Option<i64>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        if let Some(sign) = self.separator(b"+-") {
            let (hours, minutes) = match self.rest.len() {
                4 => {
                    let both = self.number(4, 4)?;
                    (both / 100, both % 100)
                }
                _ => {
                    let hours = self.number(2, 2)?;
                    (
                        hours,
                        if self.byte(b':').is_some() {
                            self.number(2, 2)?
                        } else {
                            0
                        },
                    )
                }
            };
            let offset = hours * 3600 + minutes * 60;
            return (offset < DAY && minutes < 60).then_some(Some(if sign == b'-' {
                -offset
            } else {
                offset
            }));
        }
        let word = self.word();
        [&b"z"[..], b"utc", b"gmt"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name))
            .then_some(Some(0))
    }
}
