//! What a cell says: a number, nothing, or text.

use crate::decimal::short_decimal;
use crate::detection::MarkerCount;

/// Markers of missing values that are always understood, in lower case.
const MARKERS: [&str; 17] = [
    "", "na", "nan", "null", "none", "n/a", "-", "--", "?", ".", "#n/a", "#na", "<na>", "nil",
    "missing", "-nan", "n.a.",
];

/// The meaning of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Number(f32),
    /// Missing, said by the marker at this place of [`Cells::counts`].
    Missing(usize),
    /// A number beyond the range of f32, or an infinity.
    NotFinite,
    Text,
}

/// Reads cells, and counts what was unusual about them.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    pub(crate) decimal_comma: bool,
    /// Markers, the usual ones first. The case of letters within ASCII makes no difference.
    markers: Vec<String>,
    /// The person's markers that are numbers: place in `markers`, value.
    numeric_markers: Vec<(usize, f32)>,
    /// Per marker: the text as first seen, and how often.
    seen: Vec<(Option<String>, usize)>,
    pub(crate) padded: usize,
    pub(crate) grouped: usize,
    scratch: String,
}

impl Cells {
    pub(crate) fn new(decimal_comma: bool, extra: &[String]) -> Self {
        let mut markers: Vec<String> = MARKERS.iter().map(ToString::to_string).collect();
        let mut numeric_markers = Vec::new();
        for marker in extra {
            let marker = marker.trim();
            let number = parse(marker, false, &mut String::new())
                .or_else(|| parse(marker, decimal_comma, &mut String::new()));
            numeric_markers.extend(number.map(|number| (markers.len(), number)));
            markers.push(marker.to_owned());
        }
        let seen = vec![(None, 0); markers.len()];
        Self {
            decimal_comma,
            markers,
            numeric_markers,
            seen,
            padded: 0,
            grouped: 0,
            scratch: String::new(),
        }
    }

    /// The number in a cell that is nothing else; the way that almost every cell goes.
    #[inline]
    pub(crate) fn plain_number(&self, cell: &str) -> Option<f32> {
        let decimal = if self.decimal_comma { b',' } else { b'.' };
        let number = match few_digits(cell.as_bytes(), decimal) {
            Some(number) => number,
            None if self.decimal_comma => return None,
            None => short_decimal(cell)?,
        };
        (number.is_finite() && self.marker_of(number).is_none()).then_some(number)
    }

    #[inline]
    fn marker_of(&self, number: f32) -> Option<usize> {
        self.numeric_markers
            .iter()
            .find(|(_, marker)| *marker == number)
            .map(|(place, _)| *place)
    }

    /// The meaning of any cell of a column of numbers, counted.
    pub(crate) fn read(&mut self, cell: &str) -> Cell {
        let text = cell.trim();
        let meaning = self.peek(text);
        match meaning {
            Cell::Missing(marker) => {
                let (spelling, count) = &mut self.seen[marker];
                spelling.get_or_insert_with(|| text.to_owned());
                *count += 1;
            }
            Cell::Number(_) => {
                self.padded += usize::from(text.len() < cell.len());
                let group = if self.decimal_comma { '.' } else { ',' };
                let decimal = if self.decimal_comma { ',' } else { '.' };
                // A decimal comma file may hold plain "1.5" too; that is no grouping.
                self.grouped +=
                    usize::from(text.contains(group) && is_grouped(text, group, decimal));
            }
            Cell::NotFinite | Cell::Text => {}
        }
        meaning
    }

    /// The meaning of a trimmed cell, uncounted.
    pub(crate) fn peek(&mut self, text: &str) -> Cell {
        // Checked by length first: most cells are longer than every marker.
        if let Some(marker) = self
            .markers
            .iter()
            .position(|marker| marker.eq_ignore_ascii_case(text))
        {
            return Cell::Missing(marker);
        }
        match parse(text, self.decimal_comma, &mut self.scratch) {
            None => Cell::Text,
            Some(number) if !number.is_finite() => Cell::NotFinite,
            Some(number) => match self.marker_of(number) {
                Some(marker) => Cell::Missing(marker),
                None => Cell::Number(number),
            },
        }
    }

    /// Markers seen in columns of numbers, with counts.
    pub(crate) fn counts(&self) -> Vec<MarkerCount> {
        self.seen
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(spelling, count)| MarkerCount {
                marker: spelling.clone().unwrap_or_default(),
                count: *count,
            })
            .collect()
    }
}

/// A number of at most nineteen digits, such as `-12.34`, rounded as [`short_decimal`] rounds it; `None`
/// for all others and where that has to look closer.
///
/// Digits up to 2^24 and powers of ten up to 10^10 are exact in f32, so their quotient is rounded
/// once (Clinger, "How to Read Floating Point Numbers Accurately", 1990). With more digits the quotient
/// in f64 is right to two of its last units, which decides the f32 wherever it is not that near to the
/// middle of two.
#[inline]
fn few_digits(cell: &[u8], decimal: u8) -> Option<f32> {
    const POWERS: [f64; 19] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18,
    ];
    /// What an f32 drops of an f64, and the middle of that.
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

/// The number in a trimmed cell. Infinities are returned as such.
fn parse(text: &str, decimal_comma: bool, scratch: &mut String) -> Option<f32> {
    let (decimal, group) = if decimal_comma {
        (',', '.')
    } else {
        ('.', ',')
    };
    if let Some(number) = infinity(text) {
        return Some(number);
    }
    if !decimal_comma && let Some(number) = short_decimal(text) {
        return Some(number);
    }
    if text.len() > 400 {
        return None;
    }
    let grouped = text.contains(group);
    if grouped && !is_grouped(text, group, decimal) {
        return None;
    }
    scratch.clear();
    scratch.extend(
        text.chars()
            .filter(|&c| c != group)
            .map(|c| if c == decimal { '.' } else { c }),
    );
    short_decimal(scratch)
}

/// Infinities as programs write them.
fn infinity(text: &str) -> Option<f32> {
    let word = text.strip_prefix(['-', '+']).unwrap_or(text);
    let known = ["inf", "infinity"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word));
    let size = if text.starts_with('-') {
        f32::NEG_INFINITY
    } else {
        f32::INFINITY
    };
    known.then_some(size)
}

/// Whether `text` is a number like `-1,234,567.8` with `group` between thousands.
fn is_grouped(text: &str, group: char, decimal: char) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = text.split(decimal).next().unwrap_or("");
    let mut groups = whole.split(group);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or("");
    let mut more = false;
    let rest = groups.all(|part| {
        more = true;
        part.len() == 3 && digits(part)
    });
    more && rest
        && (1..=3).contains(&first.len())
        && digits(first)
        && !text[whole.len()..].contains(group)
}

/// Whether a trimmed cell reads as a finite number with this decimal sign.
pub(crate) fn is_number(text: &str, decimal_comma: bool) -> bool {
    parse(text, decimal_comma, &mut String::new()).is_some_and(f32::is_finite)
}

/// Whether a trimmed cell is one of the usual markers of missing values.
pub(crate) fn is_marker(text: &str) -> bool {
    MARKERS
        .iter()
        .any(|marker| marker.eq_ignore_ascii_case(text))
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
            ("12,34,567", None, None),
            ("1.234.56", None, None),
            ("1e400", Some(f32::INFINITY), Some(f32::INFINITY)),
            ("nan", None, None),
            ("12h", None, None),
            ("0x10", None, None),
        ];
        for (text, point, comma) in table {
            assert_eq!(
                parse(text, false, &mut String::new()),
                point,
                "{text} with a point"
            );
            assert_eq!(
                parse(text, true, &mut String::new()),
                comma,
                "{text} with a comma"
            );
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
                let exact = short_decimal(&text).map(f32::to_bits);
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

    #[test]
    fn markers_by_text_and_by_value() {
        let extra = ["-9999".to_owned(), " Ausfall ".to_owned()];
        let mut cells = Cells::new(false, &extra);
        for text in [
            "", " ", "NA", "nan", "NULL", "None", "-", "-9999", "-9999.0", "AUSFALL",
        ] {
            assert!(matches!(cells.read(text), Cell::Missing(_)), "{text:?}");
        }
        assert_eq!(cells.plain_number("-9999.00"), None);
        assert_eq!(cells.read(" 5 "), Cell::Number(5.0));
        assert_eq!(cells.read("inf"), Cell::NotFinite);
        assert_eq!(cells.read("sunny"), Cell::Text);
        assert_eq!(cells.padded, 1);
        let counts: Vec<String> = cells.counts().iter().map(ToString::to_string).collect();
        assert!(counts.contains(&"empty cell ×2".to_owned()), "{counts:?}");
        assert!(counts.contains(&"-9999 ×2".to_owned()), "{counts:?}");
    }
}
