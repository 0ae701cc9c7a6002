//! Numbers with a unit, a currency or a factor.

use super::digits::{GROUPS, is_number, parse};

/// A number with a unit, a currency, or a letter for thousands or millions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decorated<'a> {
    pub(crate) number: f32,
    /// The text before or after the number; empty if a letter only multiplied.
    pub(crate) unit: &'a str,
    /// Whether a letter multiplied the number.
    pub(crate) multiplied: bool,
}

/// Currencies before numbers.
const CURRENCIES: [&str; 20] = [
    "US$", "R$", "A$", "C$", "HK$", "$", "€", "£", "¥", "₹", "₩", "₽", "zł", "CHF", "EUR", "USD",
    "GBP", "JPY", "INR", "Rs.",
];

/// Letters and words that multiply, directly after the number (`true`) or also after a blank.
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

/// Known units; a column may not mix two of them.
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
    let number: f32 = parse(body, decimal_comma)?;
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

/// Whether a trimmed cell is a number, plain or with a unit.
pub(crate) fn is_quantity(text: &str, decimal_comma: bool) -> bool {
    is_number(text, decimal_comma)
        || decorated(text, decimal_comma)
            .is_some_and(|found| found.unit.is_empty() || is_unit(found.unit))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
