//! What a cell says: a number, nothing, or text.

use std::collections::HashMap;

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
    /// Places in `seen` of the person's markers, by their text in lower case. The usual ones come first there.
    extra: HashMap<String, usize>,
    /// Length of the longest of them, in bytes.
    longest: usize,
    /// The person's markers that are numbers, ascending, with their places in `seen`.
    numeric_markers: Vec<(f32, usize)>,
    /// Per marker: the text as first seen, and how often.
    seen: Vec<(Option<String>, usize)>,
    pub(crate) padded: usize,
    pub(crate) grouped: usize,
}

impl Cells {
    pub(crate) fn new(decimal_comma: bool, extra: &[String]) -> Self {
        let mut texts = HashMap::new();
        let mut numeric_markers = Vec::new();
        for (place, marker) in (MARKERS.len()..).zip(extra) {
            let marker = marker.trim();
            let number = parse(marker, false).or_else(|| parse(marker, decimal_comma));
            // Adding 0 makes 0 of -0.
            numeric_markers.extend(number.map(|number| (number + 0.0, place)));
            texts.entry(marker.to_ascii_lowercase()).or_insert(place);
        }
        // Stable: of equal numbers the first marker is found.
        numeric_markers.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Self {
            decimal_comma,
            longest: texts.keys().map(String::len).max().unwrap_or(0),
            extra: texts,
            numeric_markers,
            seen: vec![(None, 0); MARKERS.len() + extra.len()],
            padded: 0,
            grouped: 0,
        }
    }

    /// The number in a cell that is nothing else; the way that almost every cell goes.
    #[inline]
    pub(crate) fn plain_number(&self, cell: &str) -> Option<f32> {
        let decimal = if self.decimal_comma { b',' } else { b'.' };
        let number = match few_digits(cell.as_bytes(), decimal) {
            Some(number) => number,
            None if self.decimal_comma => return None,
            None => plain(cell)?,
        };
        (number.is_finite() && self.marker_of(number).is_none()).then_some(number)
    }

    #[inline]
    fn marker_of(&self, number: f32) -> Option<usize> {
        let number = number + 0.0;
        let markers = &self.numeric_markers;
        let first = markers.partition_point(|(marker, _)| *marker < number);
        let (marker, place) = markers.get(first)?;
        (*marker == number).then_some(*place)
    }

    /// The place of the marker that a trimmed cell is.
    fn marker_of_text(&self, text: &str) -> Option<usize> {
        // Checked by length first: most cells are longer than every marker.
        let usual = MARKERS
            .iter()
            .position(|marker| marker.eq_ignore_ascii_case(text));
        if usual.is_some() || self.extra.is_empty() || text.len() > self.longest {
            return usual;
        }
        self.extra.get(&text.to_ascii_lowercase()).copied()
    }

    /// The meaning of any cell of a column of numbers, counted.
    pub(crate) fn read(&mut self, cell: &str, format: &Format) -> Cell {
        let text = cell.trim();
        let meaning = self.peek(text, format);
        match meaning {
            Cell::Missing(marker) => {
                let (spelling, count) = &mut self.seen[marker];
                spelling.get_or_insert_with(|| text.to_owned());
                *count += 1;
            }
            Cell::Number(_) => {
                self.padded += usize::from(text.len() < cell.len());
                let (group, decimal) = if format.decimal_comma {
                    ('.', ',')
                } else {
                    (',', '.')
                };
                // A decimal comma file may hold plain "1.5" too; that is no grouping.
                let grouped =
                    group_of(text, group).is_some_and(|group| is_grouped(text, group, decimal));
                self.grouped += usize::from(grouped);
            }
            Cell::NotFinite | Cell::Text => {}
        }
        meaning
    }

    /// The meaning of a trimmed cell, uncounted.
    pub(crate) fn peek(&self, text: &str, format: &Format) -> Cell {
        if let Some(marker) = self.marker_of_text(text) {
            return Cell::Missing(marker);
        }
        let number = parse(text, format.decimal_comma).or_else(|| {
            let unit = format.unit.as_deref()?;
            let found = decorated(text, format.decimal_comma)?;
            (found.unit == unit).then_some(found.number)
        });
        match number {
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

/// A number of at most nineteen digits, such as `-12.34`, rounded as the standard library rounds it; `None`
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

/// The number in a trimmed cell that has no unit. Infinities are returned as such.
fn parse(text: &str, decimal_comma: bool) -> Option<f32> {
    if let Some(number) = infinity(text) {
        return Some(number);
    }
    if !decimal_comma && let Some(number) = plain(text) {
        return Some(number);
    }
    signed(text, |text| ungrouped(text, decimal_comma))
}

/// A number with a decimal point and nothing else. Unlike the standard library's, it is never a word.
fn plain(text: &str) -> Option<f32> {
    let ends = text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| ends)
}

/// A number that is negative by a sign in front or behind it, or by parentheses.
fn signed(text: &str, read: impl Fn(&str) -> Option<f32>) -> Option<f32> {
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

/// Signs between groups of three digits, beside the comma or the point.
const GROUPS: [char; 6] = ['\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}', '\u{2009}'];

/// A number with a decimal sign and perhaps a sign between groups of digits.
fn ungrouped(text: &str, decimal_comma: bool) -> Option<f32> {
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
fn group_of(text: &str, other: char) -> Option<char> {
    text.chars().find(|&c| c == other || GROUPS.contains(&c))
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

/// Whether `text` is a number like `-1,234,567.8` with `group` between thousands, or like `12,34,567`
/// as in India.
fn is_grouped(text: &str, group: char, decimal: char) -> bool {
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

/// A number that stands with a unit, a currency, or a letter for thousands or millions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decorated<'a> {
    pub(crate) number: f32,
    /// What stands in front or behind; empty where a letter only multiplied.
    pub(crate) unit: &'a str,
    /// Whether a letter multiplied the number.
    pub(crate) multiplied: bool,
}

/// Currencies that stand in front of numbers.
const CURRENCIES: [&str; 20] = [
    "US$", "R$", "A$", "C$", "HK$", "$", "€", "£", "¥", "₹", "₩", "₽", "zł", "CHF", "EUR", "USD",
    "GBP", "JPY", "INR", "Rs.",
];

/// Letters and words that multiply, directly behind the number (`true`) or also after a blank.
const FACTORS: [(&str, f32, bool); 14] = [
    ("Tsd.", 1e3, false),
    ("Tsd", 1e3, false),
    ("Mio.", 1e6, false),
    ("Mio", 1e6, false),
    ("mln", 1e6, false),
    ("mn", 1e6, false),
    ("Mrd.", 1e9, false),
    ("Mrd", 1e9, false),
    ("mld", 1e9, false),
    ("bn", 1e9, false),
    ("K", 1e3, true),
    ("k", 1e3, true),
    ("M", 1e6, true),
    ("B", 1e9, true),
];

/// Units that are known as such; columns of them may not mix two.
const UNITS: [&str; 96] = [
    "%", "‰", "s", "sec", "ms", "us", "µs", "ns", "min", "h", "hr", "d", "m", "km", "cm", "mm",
    "ft", "in", "mi", "nm", "°", "deg", "rad", "°C", "°F", "C", "F", "K", "degC", "degF", "W",
    "kW", "MW", "GW", "Wh", "kWh", "MWh", "GWh", "TWh", "VA", "kVA", "var", "kvar", "V", "mV",
    "kV", "A", "mA", "kA", "Ah", "ohm", "Ω", "Hz", "kHz", "MHz", "GHz", "rpm", "Pa", "hPa", "kPa",
    "MPa", "bar", "mbar", "psi", "atm", "g", "mg", "kg", "t", "lb", "N", "kN", "Nm", "J", "kJ",
    "MJ", "l", "L", "ml", "l/s", "m/s", "km/h", "kph", "mph", "kn", "m3/s", "m³/s", "m3", "m³",
    "W/m2", "W/m²", "ppm", "ppb", "µg/m3", "µg/m³", "dB",
];

/// Whether `text` is a unit of measurement or a currency, perhaps in brackets.
pub(crate) fn is_unit(text: &str) -> bool {
    let inside = text
        .strip_prefix(['[', '('])
        .and_then(|rest| rest.strip_suffix([']', ')']));
    let text = inside.unwrap_or(text).trim();
    UNITS.contains(&text)
        || CURRENCIES.contains(&text)
        || (inside.is_some() && !text.is_empty() && text.len() < 16)
        || text
            .split_once('/')
            .is_some_and(|(a, b)| is_unit(a) && is_unit(b))
}

/// The number in a trimmed cell with its decorations, if it has some.
pub(crate) fn decorated(text: &str, decimal_comma: bool) -> Option<Decorated<'_>> {
    if text.len() > 60 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (sign, rest) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let (sign, rest) = match rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        Some(rest) => (-sign, rest),
        None => (sign, rest),
    };
    let currency = CURRENCIES
        .iter()
        .find(|currency| rest.starts_with(**currency));
    let rest = currency.map_or(rest, |currency| rest[currency.len()..].trim_start());
    let body = |c: char| c.is_ascii_digit() || "+-.,".contains(c) || GROUPS.contains(&c);
    let end = rest.find(|c| !body(c)).unwrap_or(rest.len());
    let (body, suffix) = rest.split_at(end);
    let apart = body.ends_with(&GROUPS[2..]);
    let body = body.trim_end_matches(&GROUPS[2..]);
    let number = parse(body, decimal_comma)?;
    let factor = FACTORS.iter().find(|(letters, _, attached)| {
        let next = suffix.strip_prefix(letters);
        let ends = next.is_some_and(|next| !next.starts_with(char::is_alphabetic));
        ends && !(*attached && apart)
    });
    let unit = factor
        .map_or(suffix, |(letters, ..)| &suffix[letters.len()..])
        .trim();
    let unit = match (currency, unit.is_empty()) {
        (Some(currency), true) => *currency,
        (Some(_), false) => return None,
        (None, _) => unit,
    };
    let plausible = is_unit(unit)
        || unit
            .chars()
            .all(|c| c.is_alphabetic() || "/°%²³µ·".contains(c))
            && unit.chars().count() <= 12;
    let changed = sign < 0.0 || factor.is_some() || !unit.is_empty();
    (plausible && changed).then_some(Decorated {
        number: sign * number * factor.map_or(1.0, |(_, factor, _)| *factor),
        unit,
        multiplied: factor.is_some(),
    })
}

/// How the numbers of a column are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Format {
    pub(crate) decimal_comma: bool,
    /// The unit that stands with numbers; empty where only letters multiply. `None` without any.
    pub(crate) unit: Option<String>,
    /// Two units that the column mixes, so that its numbers cannot be compared.
    pub(crate) mixed: Option<[String; 2]>,
    /// Whether letters multiply numbers.
    pub(crate) multiplied: bool,
}

impl Format {
    pub(crate) fn new(decimal_comma: bool) -> Self {
        Self {
            decimal_comma,
            ..Self::default()
        }
    }

    /// How most numbers among `cells` are written, where `decimal_comma` is the table's decimal sign
    /// and `asked` whether a person said so.
    pub(crate) fn of<'a>(
        cells: impl Iterator<Item = &'a str> + Clone,
        decimal_comma: bool,
        asked: bool,
    ) -> Self {
        let mut format = Self::new(decimal_comma);
        let cells = cells.filter(|cell| !is_marker(cell));
        if cells.clone().all(|cell| is_number(cell, decimal_comma)) {
            return format;
        }
        if !asked && cells.clone().all(|cell| is_number(cell, !decimal_comma)) {
            format.decimal_comma = !decimal_comma;
            return format;
        }
        let (mut all, mut bare, mut units) = (0, 0, Vec::<(&str, usize)>::new());
        let (mut understood, mut multiplied) = (0, false);
        for cell in cells {
            all += 1;
            let number = parse(cell, decimal_comma);
            if let Some(number) = number {
                understood += 1;
                bare += usize::from(number != 0.0);
            } else if let Some(found) = decorated(cell, decimal_comma) {
                understood += 1;
                multiplied |= found.multiplied;
                match units.iter_mut().find(|(unit, _)| *unit == found.unit) {
                    Some((_, count)) => *count += 1,
                    None => units.push((found.unit, 1)),
                }
            }
        }
        if understood * 5 < all * 4 || units.is_empty() {
            return format;
        }
        units.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        if let [(only, count)] = units.as_slice() {
            let known = only.is_empty() || is_unit(only);
            if (known && (bare == 0 || only.is_empty())) || (*count > 1 && bare == 0) {
                format.unit = Some((*only).to_owned());
            } else if known {
                format.mixed = Some(["no unit".to_owned(), (*only).to_owned()]);
            }
        } else if units.iter().all(|(unit, _)| is_unit(unit)) {
            format.mixed = Some([units[0].0.to_owned(), units[1].0.to_owned()]);
        }
        format.multiplied = multiplied && (format.unit.is_some() || format.mixed.is_some());
        format
    }
}

/// Whether a trimmed cell is a number, plain or with a unit.
pub(crate) fn is_quantity(text: &str, decimal_comma: bool) -> bool {
    is_number(text, decimal_comma)
        || decorated(text, decimal_comma)
            .is_some_and(|found| found.unit.is_empty() || is_unit(found.unit))
}

/// Whether a trimmed cell reads as a finite number with this decimal sign.
pub(crate) fn is_number(text: &str, decimal_comma: bool) -> bool {
    parse(text, decimal_comma).is_some_and(f32::is_finite)
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
                let exact = plain(&text).map(f32::to_bits);
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
        let format = Format::new(false);
        for text in [
            "", " ", "NA", "nan", "NULL", "None", "-", "-9999", "-9999.0", "AUSFALL",
        ] {
            assert!(
                matches!(cells.read(text, &format), Cell::Missing(_)),
                "{text:?}"
            );
        }
        assert_eq!(cells.plain_number("-9999.00"), None);
        assert_eq!(cells.read(" 5 ", &format), Cell::Number(5.0));
        assert_eq!(cells.read("inf", &format), Cell::NotFinite);
        assert_eq!(cells.read("sunny", &format), Cell::Text);
        assert_eq!(cells.padded, 1);
        let counts: Vec<String> = cells.counts().iter().map(ToString::to_string).collect();
        assert!(counts.contains(&"empty cell ×2".to_owned()), "{counts:?}");
        assert!(counts.contains(&"-9999 ×2".to_owned()), "{counts:?}");
    }

    /// As many comparisons as markers per cell would take a minute.
    #[test]
    fn many_markers_do_not_slow_down_each_cell() {
        let extra: Vec<String> = (0..85_000).map(|number| format!("{number}.5")).collect();
        let mut cells = Cells::new(false, &extra);
        let format = Format::new(false);
        let started = std::time::Instant::now();
        let mut missing = 0;
        for place in 0..400_000 {
            missing += usize::from(cells.plain_number(&format!("{place}.5")).is_none());
            let read = cells.read(&format!("x{place}"), &format);
            assert_eq!(read, Cell::Text);
        }
        assert_eq!(missing, 85_000);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }

    #[test]
    fn the_first_of_equal_markers_counts() {
        let extra = ["7", "7.0", "-0", "Off", "OFF"].map(str::to_owned);
        let cells = Cells::new(false, &extra);
        let format = Format::new(false);
        let place = |text| match cells.peek(text, &format) {
            Cell::Missing(place) => place - MARKERS.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((place("7.00"), place("7.0"), place("0")), (0, 1, 2));
        assert_eq!((place("off"), place("0.0")), (3, 2));
    }

    #[test]
    fn numbers_with_units_and_factors() {
        for (text, number, unit) in [
            ("2.5%", 2.5, "%"),
            ("$49.5", 49.5, "$"),
            ("-$1,234", -1234.0, "$"),
            ("($5)", -5.0, "$"),
            ("49.5 €", 49.5, "€"),
            ("EUR 5", 5.0, "EUR"),
            ("2.50 kW", 2.5, "kW"),
            ("21°C", 21.0, "°C"),
            ("12.5K", 12_500.0, ""),
            ("1.2M", 1_200_000.0, ""),
            ("1.5 Mio. €", 1_500_000.0, "€"),
            ("280 K", 280.0, "K"),
        ] {
            let found = decorated(text, false).map(|found| (found.number, found.unit));
            assert_eq!(found, Some((number, unit)), "{text}");
        }
        for text in [
            "",
            "5",
            "kW",
            "5-10",
            "2 Main Street",
            "1st of May 2020",
            "C121",
            "5 m 3",
        ] {
            assert_eq!(decorated(text, false), None, "{text}");
        }
    }

    #[test]
    fn a_column_has_one_unit_or_none() {
        let of = |cells: &[&str]| Format::of(cells.iter().copied(), false, false);
        assert_eq!(of(&["1 kW", "2 kW"]).unit.as_deref(), Some("kW"));
        assert_eq!(of(&["1 rooms", "2 rooms"]).unit.as_deref(), Some("rooms"));
        assert_eq!(
            of(&["1 kW", "2 W"]).mixed,
            Some(["kW".to_owned(), "W".to_owned()])
        );
        assert_eq!(of(&["1A", "2B", "3C"]), Format::new(false));
        assert_eq!(of(&["12.5K", "300"]).unit.as_deref(), Some(""));
        assert!(of(&["0,234", "1,235"]).decimal_comma);
        assert!(!of(&["1,234", "1,235"]).decimal_comma);
    }
}
