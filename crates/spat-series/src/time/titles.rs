//! Names that columns of times have, in the languages that tables are written in.
//!
//! Names are compared by their letters only, as [`key`] leaves them.

use super::{names::fold, parts::Unit};

/// Names of columns that hold whole times.
const TIMES: [&str; 38] = [
    "date",
    "time",
    "datetime",
    "timestamp",
    "dates",
    "times",
    "ds",
    "ts",
    "period",
    "datum",
    "zeit",
    "zeitstempel",
    "zeitpunkt",
    "zeitraum",
    "datumzeit",
    "datumuhrzeit",
    "uhrzeit",
    "datetimeutc",
    "timeutc",
    "fecha",
    "fechahora",
    "dataora",
    "datahora",
    "horodatage",
    "datum",
    "tijd",
    "tijdstip",
    "czas",
    "datagodzina",
    "tarih",
    "dateheure",
    "epoch",
    "unixtime",
    "decimaldate",
    "日期",
    "时间",
    "時間",
    "日付",
];

/// Names of columns that hold a part of a time.
const PARTS: [(Unit, &[&str]); 9] = [
    (
        Unit::Year,
        &[
            "year", "yr", "yyyy", "years", "jahr", "annee", "an", "ano", "anno", "jaar", "rok",
            "年",
        ],
    ),
    (
        Unit::Quarter,
        &[
            "quarter",
            "qtr",
            "q",
            "quartal",
            "trimestre",
            "kwartal",
            "kwartaal",
        ],
    ),
    (
        Unit::Month,
        &[
            "month",
            "mon",
            "mo",
            "mnth",
            "mm",
            "months",
            "monat",
            "mois",
            "mes",
            "mese",
            "maand",
            "miesiac",
            "monthname",
            "月",
        ],
    ),
    (
        Unit::Week,
        &[
            "week",
            "wk",
            "kw",
            "weeknumber",
            "weekno",
            "weekofyear",
            "isoweek",
            "epiweek",
            "woche",
            "kalenderwoche",
            "semaine",
            "semana",
            "settimana",
            "tydzien",
        ],
    ),
    (
        Unit::DayOfYear,
        &[
            "doy",
            "dayofyear",
            "yday",
            "julian",
            "julianday",
            "jday",
            "ddd",
            "jourdelannee",
        ],
    ),
    (
        Unit::Day,
        &[
            "day",
            "dy",
            "mday",
            "dd",
            "dom",
            "dayofmonth",
            "tag",
            "jour",
            "dia",
            "giorno",
            "dag",
            "dzien",
            "日",
        ],
    ),
    (
        Unit::Hour,
        &[
            "hour",
            "hr",
            "hh",
            "hours",
            "hourending",
            "he",
            "hod",
            "stunde",
            "heure",
            "hora",
            "ora",
            "uur",
            "godzina",
            "时",
        ],
    ),
    (
        Unit::Minute,
        &[
            "minute", "min", "minutes", "mi", "minuto", "minuut", "minuta",
        ],
    ),
    (
        Unit::Second,
        &[
            "second", "sec", "seconds", "ss", "sekunde", "seconde", "segundo", "secondo", "sekunda",
        ],
    ),
];

/// Names of columns that hold a time of day.
const CLOCKS: [&str; 18] = [
    "time",
    "timeofday",
    "clock",
    "hhmm",
    "hour",
    "hr",
    "uhrzeit",
    "zeit",
    "stunde",
    "heure",
    "temps",
    "hora",
    "ora",
    "tijd",
    "uur",
    "godzina",
    "czas",
    "时间",
];

/// Names of columns of row numbers.
const COUNTERS: [&str; 14] = [
    "",
    "no",
    "no.",
    "nr",
    "nr.",
    "index",
    "idx",
    "id",
    "row",
    "rownames",
    "rowname",
    "#",
    "unnamed: 0",
    "step",
];

/// The letters of a name, folded, without the part in brackets.
fn key(name: &str) -> String {
    let name = name
        .split(['(', '['])
        .next()
        .filter(|n| !n.trim().is_empty())
        .unwrap_or(name);
    fold(name).chars().filter(|c| c.is_alphabetic()).collect()
}

/// Whether a column has the name of a time.
pub(crate) fn is_time(name: &str) -> bool {
    let key = key(name);
    let long = key.chars().count() > 3;
    let part =
        |(_, names): &(Unit, &[&str])| names[0] == key || (long && names.contains(&key.as_str()));
    TIMES.contains(&key.as_str())
        || PARTS.iter().take(7).any(part)
        // "time_hour", "Date Time", "local_date": a title as a word of the name.
        || ["date", "time"].iter().any(|title| {
            let name = name.to_ascii_lowercase();
            name.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == *title)
        })
}

/// Whether a column has the name of this part of a time.
pub(crate) fn is_part(unit: Unit, name: &str) -> bool {
    let key = key(name);
    let names = PARTS.iter().find(|(other, _)| *other == unit);
    names.is_some_and(|(_, names)| names.contains(&key.as_str()))
}

/// Whether a column has the name of a time of day.
pub(crate) fn is_clock(name: &str) -> bool {
    let key = key(name);
    CLOCKS.contains(&key.as_str()) || key.ends_with("time") || key.starts_with("hour")
}

/// Whether a column has the name of a row number.
pub(crate) fn is_counter(name: &str) -> bool {
    let name = name.trim();
    COUNTERS
        .iter()
        .any(|title| title.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_several_languages() {
        for name in [
            "date",
            "Date Time",
            "time_hour",
            "Datum",
            "Fecha",
            "week",
            "Zeit [UTC]",
            "Year",
            "ds",
        ] {
            assert!(is_time(name), "{name}");
        }
        for name in ["", "load", "update", "timer", "data", "min", "price"] {
            assert!(!is_time(name), "{name}");
        }
        assert!(
            is_part(Unit::Month, "Miesiąc")
                && is_part(Unit::Year, "AÑO")
                && is_part(Unit::Day, "día")
        );
        assert!(is_part(Unit::DayOfYear, "day_of_year") && !is_part(Unit::Day, "day_of_year"));
        assert!(is_clock("Uhrzeit") && is_clock("Time (UTC)") && !is_clock("price"));
    }
}
