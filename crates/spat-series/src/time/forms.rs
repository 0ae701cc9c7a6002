//! The supported forms of timestamps. To support another one, add a row.
//!
//! Every row is tried on a sample of a column's cells; the rows that fit most cells are read in
//! parallel to the end, and the one with the most even steps is kept.

use super::form::{
    Field,
    Field::{
        Clock, CompactClock, Day, Day2, DayOfYear, ExcelSerial, Gap, Half, IsoWeekday, Month,
        Month2, MonthName, OptGap, Quarter, Same, Sep, ShortYear, SomeClock, Time, Unix, Week,
        Week2, Weekday, WholeYear, Word, Year, Year4, YearAndMonths, YearAndPart, YearOrShort,
    },
    TimeForm,
};

const fn form(name: &'static str, fields: &'static [Field]) -> TimeForm {
    TimeForm { name, fields }
}

const QUARTER: Field = Word(&[
    "Quartal",
    "Quarter",
    "Qtr",
    "Q",
    "Trimestre",
    "Trim",
    "T",
    "Kwartał",
    "Kwartaal",
    "Kw.",
]);
const HALF: Field = Word(&["Semester", "H", "S"]);
const WEEK: Field = Word(&[
    "KW",
    "Week",
    "Woche",
    "Wk",
    "W",
    "Semaine",
    "Semana",
    "Settimana",
    "Tydzień",
    "Sem",
]);
const OF: Field = OptGap(" ");
const YEAR_SIGN: Field = Word(&["年", "년"]);
const MONTH_SIGN: Field = Word(&["月", "월"]);
const DAY_SIGN: Field = Word(&["日", "일"]);

/// Forms that no plain number has.
pub(crate) static EVIDENT: &[TimeForm] = &[
    form("YYYY-MM-DD", &[Year, Sep("-/."), Month, Same, Day, Clock]),
    form(
        "MM/DD/YYYY",
        &[Weekday, Month, Sep("-/."), Day, Same, YearOrShort, Clock],
    ),
    form(
        "DD/MM/YYYY",
        &[Weekday, Day, Sep("-/."), Month, Same, YearOrShort, Clock],
    ),
    form(
        "YY-MM-DD",
        &[ShortYear, Sep("-/."), Month, Same, Day, Clock],
    ),
    form(
        "D Mon YYYY",
        &[
            Weekday,
            Day,
            OptGap("- ./"),
            MonthName,
            OptGap("- ./,"),
            YearOrShort,
            Clock,
        ],
    ),
    form(
        "Mon D, YYYY",
        &[Weekday, MonthName, Gap("- ."), Day, Gap("- ,"), Year, Clock],
    ),
    form(
        "YYYY Mon D",
        &[Year, Gap("- ./"), MonthName, Gap("- ./"), Day, Clock],
    ),
    form("Mon YYYY", &[MonthName, OptGap("- ./,'"), YearOrShort]),
    form("YYYY Mon", &[Year, OptGap("- ./,"), MonthName, OptGap(".")]),
    form("YYYY-MM", &[Year, Sep("-/"), Month]),
    form("YYYY-Mnn", &[Year, OptGap("- "), Word(&["M"]), Month]),
    form("Mnn YYYY", &[Word(&["M"]), Month, OptGap("- /"), Year]),
    form("MM-YYYY", &[Month, Sep("-/"), Year]),
    form(
        "YYYY-Qn",
        &[Year, OptGap("-/: ."), QUARTER, OptGap(" "), Quarter],
    ),
    form(
        "Qn YYYY",
        &[QUARTER, OptGap(" "), Quarter, OptGap("-/ .,'"), YearOrShort],
    ),
    form(
        "nQ YYYY",
        &[
            Quarter,
            OptGap(". "),
            QUARTER,
            OptGap("-/ .,'"),
            YearOrShort,
        ],
    ),
    form(
        "YYYY nQ",
        &[Year, Gap("-/ ."), Quarter, OptGap(". "), QUARTER],
    ),
    form("YYYY-Hn", &[Year, OptGap("-/ "), HALF, Half]),
    form("Hn YYYY", &[HALF, Half, OptGap("-/ "), Year]),
    form("YYYY-Www", &[Year, OptGap("-/ "), WEEK, OptGap(" "), Week]),
    form(
        "YYYY-Www-D",
        &[Year, OptGap("- "), WEEK, Week2, OptGap("-"), IsoWeekday],
    ),
    form("Www YYYY", &[WEEK, OptGap(" .-"), Week, Gap("-/ ,."), Year]),
    form("YYYY-DDD", &[Year, Sep("-"), DayOfYear, Clock]),
    form("YYYYMMDD HH:MM", &[Year4, Month2, Day2, SomeClock]),
    form(
        "YYYY年M月D日",
        &[
            Year, OF, YEAR_SIGN, OF, Month, OF, MONTH_SIGN, OF, Day, OF, DAY_SIGN, Clock,
        ],
    ),
    form(
        "YYYY年M月",
        &[Year, OF, YEAR_SIGN, OF, Month, OF, MONTH_SIGN],
    ),
    form(
        "YYYY年n季度",
        &[
            Year,
            YEAR_SIGN,
            OptGap("第 "),
            Quarter,
            Word(&["季度", "四半期", "분기"]),
        ],
    ),
    form("YYYY年", &[Year, OF, YEAR_SIGN]),
    form(
        "YYYY. M. D.",
        &[
            Year,
            Word(&[". "]),
            Month,
            Word(&[". "]),
            Day,
            OptGap("."),
            Clock,
        ],
    ),
    form(
        "D. M. YYYY",
        &[Day, Word(&[". "]), Month, Word(&[". "]), Year, Clock],
    ),
    form(
        "HH:MM DD.MM.YYYY",
        &[Time, Gap(" ,"), Day, Sep("-/."), Month, Same, Year],
    ),
    form(
        "HH:MM MM/DD/YYYY",
        &[Time, Gap(" ,"), Month, Sep("-/."), Day, Same, Year],
    ),
    form(
        "HH:MM YYYY-MM-DD",
        &[Time, Gap(" ,"), Year, Sep("-/."), Month, Same, Day],
    ),
    form(
        "weekday Mon D HH:MM:SS YYYY",
        &[
            Weekday,
            MonthName,
            Gap(" "),
            Day,
            Gap(" "),
            Time,
            Gap(" "),
            Year,
        ],
    ),
];

/// Forms that could also be a quantity. Accepted if the column has the name of a time or even steps.
pub(crate) static NUMERIC: &[TimeForm] = &[
    form("YYYYMMDD", &[Year4, Month2, Day2, CompactClock]),
    form("year (YYYY)", &[WholeYear]),
    form("Unix seconds", &[Unix(1)]),
    form("Unix milliseconds", &[Unix(1_000)]),
    form("Unix microseconds", &[Unix(1_000_000)]),
    form("Unix nanoseconds", &[Unix(1_000_000_000)]),
    form("YYYYMM", &[Year4, Month2]),
    form("YYYYWW", &[Year4, Week2]),
    form("YYYYDDD", &[Year4, DayOfYear]),
    form("YYYYQ", &[Year4, Quarter]),
    form("MM.YYYY", &[Month, Word(&["."]), Year]),
    form("YYYY.MM", &[Year, Word(&["."]), Month2]),
    form("DDMMYYYY", &[Day2, Month2, Year4]),
    form("MMDDYYYY", &[Month2, Day2, Year4]),
    form(
        "days since 1899-12-30, as spreadsheets count",
        &[ExcelSerial],
    ),
    form("decimal years in months", &[YearAndMonths]),
    form("decimal years", &[YearAndPart]),
];

/// The longest cell that is tried: longer ones are prose.
const LONGEST: usize = 80;

/// Whether `text` (trimmed) is a time that no plain number is.
pub(crate) fn is_evident(text: &str) -> bool {
    (4..=LONGEST).contains(&text.len())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && EVIDENT.iter().any(|form| form.parse(text).is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::unit::format_timestamp;

    fn named(name: &str) -> &'static TimeForm {
        let mut forms = EVIDENT.iter().chain(NUMERIC);
        forms.find(|form| form.name == name).unwrap()
    }

    fn read(form: &str, text: &str) -> String {
        named(form).parse(text).map_or_else(
            || "none".to_owned(),
            |timestamp| format_timestamp(timestamp.seconds),
        )
    }

    #[test]
    fn each_form() {
        let midnight = "2016-07-01 00:00:00";
        let table = [
            ("YYYY-MM-DD", "2016-07-01", midnight),
            ("YYYY-MM-DD", "2016-07-01 05:30:09", "2016-07-01 05:30:09"),
            ("YYYY-MM-DD", "2016-07-01T05:30", "2016-07-01 05:30:00"),
            ("YYYY-MM-DD", "2016/7/1 5:30", "2016-07-01 05:30:00"),
            ("YYYY-MM-DD", "2016-07-01 24:00", "2016-07-02 00:00:00"),
            (
                "YYYY-MM-DD",
                "2016-07-01T00:30:00+01:00",
                "2016-06-30 23:30:00",
            ),
            (
                "YYYY-MM-DD",
                "2016-07-01T00:30:00.250-0230",
                "2016-07-01 03:00:00",
            ),
            ("YYYY-MM-DD", "2016-07-01T00:30:00Z", "2016-07-01 00:30:00"),
            (
                "YYYY-MM-DD",
                "2016-07-01 00:30:00 UTC",
                "2016-07-01 00:30:00",
            ),
            ("YYYY-MM-DD", "2016-07/01", "none"),
            ("YYYY-MM-DD", "2016-02-30", "none"),
            ("YYYY-MM-DD", "2016-07-01 25:00", "none"),
            ("YYYY-MM-DD", "2016-07-01 x", "none"),
            ("MM/DD/YYYY", "7/1/2016 0:00", midnight),
            ("MM/DD/YYYY", "07/01/16 12:05 AM", "2016-07-01 00:05:00"),
            ("MM/DD/YYYY", "7/1/2016 1:05:02 pm", "2016-07-01 13:05:02"),
            ("DD/MM/YYYY", "1.7.2016", midnight),
            ("DD/MM/YYYY", "01.07.2016 00:10:00", "2016-07-01 00:10:00"),
            ("DD/MM/YYYY", "01.07.016", "none"),
            ("D Mon YYYY", "1-Jul-2016", midnight),
            ("D Mon YYYY", "Fri, 01 Jul 2016 00:00:00 GMT", midnight),
            ("Mon D, YYYY", "Jul 1 2016", midnight),
            ("Mon D, YYYY", "July 1, 2016 03:00", "2016-07-01 03:00:00"),
            ("Mon YYYY", "July 2016", midnight),
            ("Mon YYYY", "Sept-99", "1999-09-01 00:00:00"),
            ("Mon YYYY", "Jux 2016", "none"),
            ("YYYY-MM", "2016-07", midnight),
            ("YYYY-Mnn", "2016M7", midnight),
            ("MM-YYYY", "07/2016", midnight),
            ("YYYY-Qn", "2016Q3", midnight),
            ("YYYY-Qn", "2016-Q3", midnight),
            ("Qn YYYY", "Q3 2016", midnight),
            ("YYYY-Qn", "2016Q5", "none"),
            ("YYYYMMDD", "20160701", midnight),
            ("YYYYMMDD", "201607010530", "2016-07-01 05:30:00"),
            ("YYYYMMDD", "20161301", "none"),
            ("year (YYYY)", "2016", "2016-01-01 00:00:00"),
            ("year (YYYY)", "2016.0", "2016-01-01 00:00:00"),
            ("Unix seconds", "1467331200", midnight),
            ("Unix seconds", "1467331200.0", midnight),
            ("Unix seconds", "12", "none"),
            ("Unix milliseconds", "1467331200000", midnight),
            ("Unix nanoseconds", "1467331200000000000", midnight),
            ("Unix nanoseconds", "99999999999999999999999", "none"),
            ("D Mon YYYY", "1. Juli 2016", midnight),
            ("D Mon YYYY", "1 de julio de 2016", midnight),
            (
                "D Mon YYYY",
                "1er juillet 2016 05:30",
                "2016-07-01 05:30:00",
            ),
            ("D Mon YYYY", "01JUL2016", midnight),
            (
                "D Mon YYYY",
                "01/Jul/2016:05:30:00 +0000",
                "2016-07-01 05:30:00",
            ),
            ("YYYY Mon", "2016 Jul", midnight),
            ("YYYY Mon D", "2016-lip-01", midnight),
            ("Mnn YYYY", "M07 2016", midnight),
            ("YYYY-Mnn", "2016-M07", midnight),
            ("YYYY-Qn", "2016Q03", midnight),
            ("YYYY-Qn", "2016 T3", midnight),
            ("nQ YYYY", "3Q16", midnight),
            ("nQ YYYY", "3. Quartal 2016", midnight),
            ("YYYY-Hn", "2016H2", midnight),
            ("YYYY-Www", "2016-W26", "2016-06-27 00:00:00"),
            ("YYYY-Www", "2016W26", "2016-06-27 00:00:00"),
            ("YYYY-Www-D", "2016-W26-5", midnight),
            ("Www YYYY", "KW 26/2016", "2016-06-27 00:00:00"),
            ("YYYY-DDD", "2016-183", midnight),
            ("YYYYMMDD HH:MM", "20160701 05:30", "2016-07-01 05:30:00"),
            ("YYYYMMDD HH:MM", "20160701T053000", "2016-07-01 05:30:00"),
            ("YYYY年M月D日", "2016年7月1日", midnight),
            ("YYYY年M月D日", "2016年 7月 1日 5:30", "2016-07-01 05:30:00"),
            ("YYYY年M月", "2016年7月", midnight),
            ("YYYY. M. D.", "2016. 7. 1.", midnight),
            ("D. M. YYYY", "1. 7. 2016", midnight),
            (
                "HH:MM DD.MM.YYYY",
                "05:30 01.07.2016",
                "2016-07-01 05:30:00",
            ),
            (
                "DD/MM/YYYY",
                "Fr 01.07.2016 05:30 Uhr",
                "2016-07-01 05:30:00",
            ),
            (
                "DD/MM/YYYY",
                "01.07.2016 05:30 - 01.07.2016 06:00",
                "2016-07-01 05:30:00",
            ),
            (
                "DD/MM/YYYY",
                "01.07.2016 05:30-06:00",
                "2016-07-01 05:30:00",
            ),
            ("YYYY-MM-DD", "2016-07-01 02:00 CEST", midnight),
            ("YYYY-MM-DD", "2016-07-01/2016-07-02", midnight),
            (
                "YYYY-MM-DD",
                "2016-07-01T02:00:00+02:00[Europe/Berlin]",
                midnight,
            ),
            ("YYYYMM", "201607", midnight),
            ("YYYYDDD", "2016183", midnight),
            ("MM.YYYY", "07.2016", midnight),
            (
                "days since 1899-12-30, as spreadsheets count",
                "42552",
                midnight,
            ),
            (
                "days since 1899-12-30, as spreadsheets count",
                "42552.229167",
                "2016-07-01 05:30:00",
            ),
            ("decimal years in months", "2016.5", "none"),
            ("decimal years in months", "2016.500", midnight),
            ("decimal years in months", "2016.542", midnight),
        ];
        for (form, text, expected) in table {
            assert_eq!(read(form, text), expected, "{form} {text}");
        }
    }

    #[test]
    fn nothing_short_of_a_timestamp() {
        for form in EVIDENT.iter().chain(NUMERIC) {
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
        assert!(!is_evident("2016.07") && !is_evident("1.5") && !is_evident("12"));
    }

    #[test]
    fn names_of_forms() {
        let table = [
            ("YYYY-MM-DD", "2016-07-01 05:30:09", "YYYY-MM-DD HH:MM:SS"),
            (
                "YYYY-MM-DD",
                "2016-07-01T05:30:09.123Z",
                "YYYY-MM-DDTHH:MM:SS.fffZ",
            ),
            (
                "YYYY-MM-DD",
                "2016-07-01T05:30:09+01:00",
                "YYYY-MM-DDTHH:MM:SS±HH:MM",
            ),
            ("MM/DD/YYYY", "7/1/16 5:30", "M/D/YY H:MM"),
            ("D Mon YYYY", "1-Jul-2016", "D-Mon-YYYY"),
            ("YYYYMMDD", "2016070105", "YYYYMMDDHH"),
        ];
        for (form, example, expected) in table {
            assert_eq!(named(form).describe(example), expected);
        }
        // Only cells that parse are described, but any text must be safe.
        for text in ["", "12345678901234567890é", "é:+é", "1:2:3:4:5:6:7:8"] {
            named("DD/MM/YYYY").describe(text);
            named("YYYYMMDD").describe(text);
        }
    }
}
