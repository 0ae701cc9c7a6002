//! The digits of a number: signs, decimals, groups of thousands.

use std::{ops::Neg, str::FromStr};

/// A number of at most nineteen digits, such as `-12.34`, rounded as the standard library rounds it; `None`
/// for all others and where the rounding needs more digits.
///
/// Digits up to 2^24 and powers of ten up to 10^10 are exact in f32, so their quotient is rounded
/// once (Clinger, "How to Read Floating Point Numbers Accurately", 1990). With more digits the quotient
/// in f64 is right to two of its last units, which decides the f32 unless it is that close to the
/// midpoint of two.
#[inline]
pub(super) fn few_digits(cell: &[u8], decimal: u8) -> Option<f32> {
    const POWERS: [f64; 19] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18,
    ];
    /// The bits of an f64 that an f32 lacks, and half of their range.
    const DROPPED: u64 = (1 << 29) - 1;
    const MIDDLE: u64 = 1 << 28;
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    // Nineteen bytes hold at most nineteen digits: no overflow below.
    if digits.len() > 19 || digits.is_empty() || digits == [decimal] {
        return None;
    }
    let (mut whole, mut after) = (0_u64, None);
    for (place, &byte) in digits.iter().enumerate() {
        if byte.is_ascii_digit() {
            whole = whole * 10 + u64::from(byte - b'0');
        } else if byte == decimal && after.is_none() {
            after = Some(digits.len() - place - 1);
        } else {
            return None;
        }
    }
    let after = after.unwrap_or(0);
    let power = *POWERS.get(after)?;
    let number = if whole <= 1 << 24 && after <= 10 {
        whole as f32 / power as f32
    } else {
        let wide = whole as f64 / power;
        if (wide.to_bits() & DROPPED).abs_diff(MIDDLE) <= 2 {
            return None;
        }
        wide as f32
    };
    Some(if negative { -number } else { number })
}

/// A floating-point type that numbers are read as.
pub(super) trait Real: FromStr + Neg<Output = Self> {
    const INFINITY: Self;
}

impl Real for f32 {
    const INFINITY: Self = f32::INFINITY;
}

impl Real for f64 {
    const INFINITY: Self = f64::INFINITY;
}

/// The number in a trimmed cell that has no unit. Infinities are returned as such.
pub(super) fn parse<T: Real>(text: &str, decimal_comma: bool) -> Option<T> {
    if let Some(number) = infinity(text) {
        return Some(number);
    }
    if !decimal_comma && let Some(number) = plain(text) {
        return Some(number);
    }
    signed(text, |text| ungrouped(text, decimal_comma))
}

/// A number with a decimal point and nothing else. Unlike in the standard library, words such as "inf" are not numbers.
pub(super) fn plain<T: Real>(text: &str) -> Option<T> {
    let ends = text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| ends)
}

/// A number that is negative by a sign before or after it, or by parentheses.
fn signed<T: Real>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let behind = |c: char| {
        text.strip_suffix(c)
            .filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
    };
    let negative = (text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')')))
    .or_else(|| text.strip_prefix('\u{2212}'))
    .or_else(|| text.strip_prefix('\u{2013}'))
    .or_else(|| behind('-'))
    .or_else(|| behind('\u{2212}'));
    match negative {
        None => read(text),
        Some(rest) if rest.starts_with(['-', '+']) => None,
        Some(rest) => read(rest.trim()).map(|number| -number),
    }
}

/// Separators between groups of three digits, other than the comma and the point.
pub(super) const GROUPS: [char; 6] = ['\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}', '\u{2009}'];

/// A number with a decimal sign and perhaps a sign between groups of digits.
fn ungrouped<T: Real>(text: &str, decimal_comma: bool) -> Option<T> {
    if text.len() > 400 {
        return None;
    }
    let (decimal, other) = if decimal_comma {
        (',', '.')
    } else {
        ('.', ',')
    };
    let group = group_of(text, other);
    if let Some(group) = group
        && !is_grouped(text, group, decimal)
    {
        return None;
    }
    let kept = text.chars().filter(|&c| Some(c) != group);
    plain(
        &kept
            .map(|c| if c == decimal { '.' } else { c })
            .collect::<String>(),
    )
}

/// The sign between groups of digits in `text`, if there may be one.
pub(super) fn group_of(text: &str, other: char) -> Option<char> {
    text.chars().find(|&c| c == other || GROUPS.contains(&c))
}

/// Spellings of infinity.
fn infinity<T: Real>(text: &str) -> Option<T> {
    let word = text.strip_prefix(['-', '+']).unwrap_or(text);
    let known = ["inf", "infinity"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word));
    known.then_some(if text.starts_with('-') {
        -T::INFINITY
    } else {
        T::INFINITY
    })
}

/// Whether `text` is a number like `-1,234,567.8` with `group` between thousands, or like `12,34,567`
/// as in India.
pub(super) fn is_grouped(text: &str, group: char, decimal: char) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    // No number starts with a group of zeros: "0,234" has a decimal comma.
    if text.starts_with('0') {
        return false;
    }
    let whole = text.split(decimal).next().unwrap_or("");
    let groups: Vec<&str> = whole.split(group).collect();
    let [first, middle @ .., last] = groups.as_slice() else {
        return false;
    };
    let digits = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    let of = |length: usize| middle.iter().all(|part| part.len() == length);
    let lakh = of(2) && !middle.is_empty() && first.len() <= 2 && group == ',';
    let starts = (1..=3).contains(&first.len());
    starts
        && last.len() == 3
        && (of(3) || lakh)
        && groups.iter().all(digits)
        && !text[whole.len()..].contains(group)
}

/// Whether a trimmed cell reads as a finite number with this decimal sign.
pub(crate) fn is_number(text: &str, decimal_comma: bool) -> bool {
    parse(text, decimal_comma).is_some_and(f32::is_finite)
}

/// The number in a cell without a unit, in double precision.
pub(crate) fn precise(cell: &str, decimal_comma: bool) -> Option<f64> {
    parse(cell.trim(), decimal_comma).filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_both_styles() {
        let table = [
            ("1.5", Some(1.5), None),
            ("-2", Some(-2.0), Some(-2.0)),
            ("+2e3", Some(2000.0), Some(2000.0)),
            ("1,5", None, Some(1.5)),
            (".5", Some(0.5), None),
            ("1,234", Some(1234.0), Some(1.234)),
            ("1.234", Some(1.234), Some(1234.0)),
            ("1,234,567.5", Some(1_234_567.5), None),
            ("1.234,5", None, Some(1234.5)),
            ("12,34,567", Some(1_234_567.0), None),
            ("0,234", None, Some(0.234)),
            ("1'234.5", Some(1234.5), None),
            ("1 234,5", None, Some(1234.5)),
            ("1\u{202f}234", Some(1234.0), Some(1234.0)),
            ("\u{2212}3.5", Some(-3.5), None),
            ("(1,234.5)", Some(-1234.5), None),
            ("12-", Some(-12.0), Some(-12.0)),
            ("2023 01", None, None),
            ("1-2", None, None),
            ("1.234.56", None, None),
            ("1e400", Some(f32::INFINITY), Some(f32::INFINITY)),
            ("nan", None, None),
            ("12h", None, None),
            ("0x10", None, None),
        ];
        for (text, point, comma) in table {
            assert_eq!(parse(text, false), point, "{text} with a point");
            assert_eq!(parse(text, true), comma, "{text} with a comma");
        }
    }

    #[test]
    fn few_digits_are_read_as_many_are() {
        let mut state = 1_u64;
        let mut few = 0;
        for _ in 0..200_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let digits = (state >> 3) % 10_u64.pow(1 + (state >> 60) as u32);
            let mut text = digits.to_string();
            text.insert(((state >> 20) as usize) % (text.len() + 1), '.');
            if state >> 40 & 1 == 1 {
                text.insert(0, '-');
            }
            if let Some(ours) = few_digits(text.as_bytes(), b'.') {
                few += 1;
                let exact = plain::<f32>(&text).map(f32::to_bits);
                assert_eq!(Some(ours.to_bits()), exact, "{text}");
            }
        }
        assert!(few > 190_000, "{few}");
        for text in [
            "", "-", ".", "-.", "1e5", "1.2.3", "+1", "1,5", "--1", "nan", "16777217",
        ] {
            assert_eq!(few_digits(text.as_bytes(), b'.'), None, "{text}");
        }
        assert_eq!(few_digits(b"-1,5", b','), Some(-1.5));
    }
}
