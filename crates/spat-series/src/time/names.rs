//! Names of months, weekdays and time zones, in the languages that tables are written in.
//!
//! To add a language, add its names to the rows below. Names are kept without accents and in
//! lower case, as [`fold`] writes them.

/// Names per month, from January on: English, German, French, Spanish, Italian, Portuguese,
/// Dutch, Polish (nominative and genitive).
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "januar", "janner", "jaenner", "janvier", "enero", "gennaio", "janeiro",
        "januari", "styczen", "stycznia",
    ],
    &[
        "february",
        "februar",
        "feber",
        "fevrier",
        "febrero",
        "febbraio",
        "fevereiro",
        "februari",
        "luty",
        "lutego",
    ],
    &[
        "march", "marz", "maerz", "mrz", "mars", "marzo", "marco", "maart", "mrt", "marzec",
        "marca",
    ],
    &["april", "avril", "abril", "aprile", "kwiecien", "kwietnia"],
    &["may", "mai", "mayo", "maggio", "maio", "mei", "maj", "maja"],
    &[
        "june", "juni", "juin", "junio", "giugno", "junho", "czerwiec", "czerwca",
    ],
    &[
        "july", "juli", "juillet", "jul", "julio", "luglio", "julho", "lipiec", "lipca",
    ],
    &[
        "august", "aout", "agosto", "augustus", "sierpien", "sierpnia",
    ],
    &[
        "september",
        "septembre",
        "septiembre",
        "setiembre",
        "settembre",
        "setembro",
        "wrzesien",
        "wrzesnia",
    ],
    &[
        "october",
        "oktober",
        "octobre",
        "octubre",
        "ottobre",
        "outubro",
        "pazdziernik",
        "pazdziernika",
    ],
    &[
        "november",
        "novembre",
        "noviembre",
        "novembro",
        "listopad",
        "listopada",
    ],
    &[
        "december",
        "dezember",
        "decembre",
        "diciembre",
        "dicembre",
        "dezembro",
        "grudzien",
        "grudnia",
    ],
];

/// Names of weekdays in the same languages; three letters suffice.
const WEEKDAYS: [&str; 47] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "lunedi",
    "martedi",
    "giovedi",
    "venerdi",
    "domenica",
    "segunda",
    "terca",
    "quarta",
    "quinta",
    "sexta",
    "maandag",
    "woensdag",
    "zaterdag",
    "zondag",
    "poniedzialek",
    "wtorek",
    "czwartek",
    "niedziela",
];

/// Weekdays of two letters, as in German and Dutch calendars.
const SHORT_WEEKDAYS: [&str; 12] = [
    "mo", "di", "mi", "do", "fr", "sa", "so", "ma", "wo", "vr", "za", "zo",
];

/// Abbreviations of time zones and their offsets from UTC in minutes. Abbreviations that several
/// zones share have the offset of the zone with the most tables; the offset is named in the detection.
const ZONES: [(&str, i64); 49] = [
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("mez", 60),
    ("met", 60),
    ("cest", 120),
    ("mesz", 120),
    ("mest", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("trt", 180),
    ("gst", 240),
    ("pkt", 300),
    ("ist", 330),
    ("wib", 420),
    ("ict", 420),
    ("hkt", 480),
    ("sgt", 480),
    ("awst", 480),
    ("pht", 480),
    ("jst", 540),
    ("kst", 540),
    ("acst", 570),
    ("acdt", 630),
    ("aest", 600),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
    ("ast", -240),
    ("adt", -180),
    ("nst", -210),
    ("ndt", -150),
    ("brt", -180),
];

/// `text` in lower case and without accents.
pub(crate) fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'ą' => 'a',
        'ç' | 'ć' => 'c',
        'é' | 'è' | 'ê' | 'ë' | 'ę' => 'e',
        'í' | 'ì' | 'î' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ś' => 's',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ź' | 'ż' => 'z',
        other => other,
    };
    text.chars()
        .flat_map(char::to_lowercase)
        .map(plain)
        .collect()
}

/// The month, from 1, that a word names: a whole name, or three or more of its first letters where
/// every name that starts so is of the same month.
pub(crate) fn month(word: &str) -> Option<u32> {
    if word.chars().count() < 3 {
        return None;
    }
    let word = fold(word);
    let starts = |names: &[&str]| names.iter().any(|name| name.starts_with(&word));
    let mut months = (0..12_u32).filter(|&month| starts(MONTHS[month as usize]));
    match (months.next(), months.next()) {
        (Some(month), None) => Some(month + 1),
        // "sept" and "may" are whole names of one month even where another starts alike.
        _ => (0..12_u32)
            .find(|&month| MONTHS[month as usize].contains(&word.as_str()))
            .map(|month| month + 1),
    }
}

/// Whether a word names a weekday.
pub(crate) fn is_weekday(word: &str) -> bool {
    let word = fold(word);
    let long = word.len() >= 3 && WEEKDAYS.iter().any(|name| name.starts_with(&word));
    long || SHORT_WEEKDAYS.contains(&word.as_str())
}

/// The offset from UTC in seconds of an abbreviation of a time zone.
pub(crate) fn zone(word: &str) -> Option<i64> {
    let known = |(name, _): &&(&str, i64)| name.eq_ignore_ascii_case(word);
    ZONES.iter().find(known).map(|(_, minutes)| minutes * 60)
}

/// Whether a zone abbreviation means UTC.
pub(crate) fn is_utc(word: &str) -> bool {
    zone(word) == Some(0) && !word.eq_ignore_ascii_case("wet")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_eight_languages() {
        for (word, expected) in [
            ("Jan", Some(1)),
            ("Januar", Some(1)),
            ("Jänner", Some(1)),
            ("ene", Some(1)),
            ("gen", Some(1)),
            ("stycznia", Some(1)),
            ("fév", Some(2)),
            ("lut", Some(2)),
            ("März", Some(3)),
            ("Mrz", Some(3)),
            ("mar", Some(3)),
            ("kwi", Some(4)),
            ("abr", Some(4)),
            ("may", Some(5)),
            ("maj", Some(5)),
            ("mag", Some(5)),
            ("jui", None),
            ("juin", Some(6)),
            ("jun", Some(6)),
            ("cze", Some(6)),
            ("jul", Some(7)),
            ("juil", Some(7)),
            ("lug", Some(7)),
            ("août", Some(8)),
            ("ago", Some(8)),
            ("Sept", Some(9)),
            ("set", Some(9)),
            ("wrz", Some(9)),
            ("out", Some(10)),
            ("paź", Some(10)),
            ("okt", Some(10)),
            ("lis", Some(11)),
            ("déc", Some(12)),
            ("dic", Some(12)),
            ("gru", Some(12)),
            ("Jux", None),
            ("ma", None),
        ] {
            assert_eq!(month(word), expected, "{word}");
        }
    }

    #[test]
    fn every_name_means_its_own_month() {
        for (place, names) in MONTHS.iter().enumerate() {
            for name in *names {
                assert_eq!(month(name), Some(place as u32 + 1), "{name}");
            }
        }
    }
}
