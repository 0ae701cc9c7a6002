//! A table written in every form of time × delimiter × decimal sign × layout × encoding, and read back
//! equal.
#![allow(clippy::unwrap_used)]

use spat_series::{ReadOptions, format_timestamp, read_table};

const ROWS: usize = 40;

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// The fields of a time.
struct Time {
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// Tenths of a second.
    tenth: i64,
    /// Seconds since 1970.
    epoch: i64,
}

impl Time {
    /// The time of a count of `step`'s unit.
    fn of(count: i64, step: Step) -> Self {
        let (seconds, tenth) = match step {
            Step::Tenths => (count.div_euclid(SECOND), count % SECOND / (SECOND / 10)),
            _ => (count, 0),
        };
        let text = format_timestamp(seconds);
        let part = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
        Self {
            year: part(0, 4),
            month: part(5, 7) as usize,
            day: part(8, 10),
            hour: part(11, 13),
            minute: part(14, 16),
            second: part(17, 19),
            tenth,
            epoch: seconds,
        }
    }
}

const ENGLISH: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const POLISH: [&str; 12] = [
    "stycznia",
    "lutego",
    "marca",
    "kwietnia",
    "maja",
    "czerwca",
    "lipca",
    "sierpnia",
    "września",
    "października",
    "listopada",
    "grudnia",
];

/// Steps between rows.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Tenths,
    Hours,
    Days,
    Months,
    Quarters,
}

impl Step {
    /// The time of a row, in civil seconds; of tenths of a second in nanoseconds.
    fn at(self, row: usize) -> i64 {
        const START: i64 = 1_577_836_800; // 2020-01-01
        let month = |months: usize| {
            let (year, month) = (2020 + months / 12, months % 12);
            let text = format!(
                "date,y\n{year}-{:02}-01,1\n{year}-{:02}-02,1\n",
                month + 1,
                month + 1
            );
            read_table(text.as_bytes(), &ReadOptions::default())
                .unwrap()
                .timestamps
                .unwrap()[0]
        };
        match self {
            Self::Tenths => (START + 86_390) * SECOND + row as i64 * (SECOND / 10),
            Self::Hours => START + row as i64 * 3600,
            Self::Days => START + row as i64 * 86_400,
            Self::Months => month(row),
            Self::Quarters => month(row * 3),
        }
    }
}

/// The names of the columns of time, separated by `|`, its cells likewise, and the step.
type Form = (&'static str, Step, fn(&Time) -> String);

fn forms() -> Vec<Form> {
    use Step::{Days, Hours, Months, Quarters, Tenths};
    vec![
        ("time", Tenths, |t| {
            format!(
                "{}-{:02}-{:02}T{:02}:{:02}:{:02}.{}00Z",
                t.year, t.month, t.day, t.hour, t.minute, t.second, t.tenth
            )
        }),
        ("Datum", Tenths, |t| {
            format!(
                "{:02}.{:02}.{} {:02}:{:02}:{:02}.{}",
                t.day, t.month, t.year, t.hour, t.minute, t.second, t.tenth
            )
        }),
        ("timestamp", Tenths, |t| format!("{}{}00", t.epoch, t.tenth)),
        ("date", Hours, |t| {
            format!(
                "{}-{:02}-{:02} {:02}:{:02}:00",
                t.year, t.month, t.day, t.hour, t.minute
            )
        }),
        ("date", Hours, |t| {
            format!(
                "{}-{:02}-{:02}T{:02}:{:02}:00Z",
                t.year, t.month, t.day, t.hour, t.minute
            )
        }),
        ("date", Hours, |t| {
            format!(
                "{}/{}/{} {}:{:02}",
                t.year, t.month, t.day, t.hour, t.minute
            )
        }),
        ("Datum", Hours, |t| {
            format!(
                "{:02}.{:02}.{} {:02}:{:02}",
                t.day, t.month, t.year, t.hour, t.minute
            )
        }),
        ("time", Hours, |t| {
            let half = if t.hour < 12 { "AM" } else { "PM" };
            format!(
                "{}/{}/{} {}:{:02} {half}",
                t.month,
                t.day,
                t.year,
                (t.hour + 11) % 12 + 1,
                t.minute
            )
        }),
        ("time", Hours, |t| {
            format!(
                "{}{:02}{:02} {:02}:{:02}",
                t.year, t.month, t.day, t.hour, t.minute
            )
        }),
        ("time", Hours, |t| {
            format!("{}{:02}{:02}{:02}", t.year, t.month, t.day, t.hour)
        }),
        ("time", Hours, |t| {
            format!(
                "{}{:02}{:02}T{:02}{:02}00",
                t.year, t.month, t.day, t.hour, t.minute
            )
        }),
        ("time", Hours, |t| {
            format!(
                "{:02}.{:02}.{} {:02}:00 - {:02}.{:02}.{} {:02}:59",
                t.day, t.month, t.year, t.hour, t.day, t.month, t.year, t.hour
            )
        }),
        ("Date|Time", Hours, |t| {
            format!(
                "{}-{:02}-{:02}|{:02}:{:02}",
                t.year, t.month, t.day, t.hour, t.minute
            )
        }),
        ("Date|Time", Hours, |t| {
            format!(
                "{:02}/{:02}/{}|{:02}.{:02}.00",
                t.day, t.month, t.year, t.hour, t.minute
            )
        }),
        ("Datum|Uhrzeit", Hours, |t| {
            format!(
                "{}.{}.{}|{}:{:02}",
                t.day, t.month, t.year, t.hour, t.minute
            )
        }),
        ("date|hour", Hours, |t| {
            format!("{}-{:02}-{:02}|{}", t.year, t.month, t.day, t.hour)
        }),
        ("year|month|day|hour", Hours, |t| {
            format!("{}|{}|{}|{}", t.year, t.month, t.day, t.hour)
        }),
        ("Fecha|Hora", Hours, |t| {
            format!("{:02}/{:02}/{}|{:02}:00", t.day, t.month, t.year, t.hour)
        }),
        ("date", Days, |t| {
            format!("{}-{:02}-{:02}", t.year, t.month, t.day)
        }),
        ("date", Days, |t| {
            format!("{}{:02}{:02}", t.year, t.month, t.day)
        }),
        ("date", Days, |t| {
            format!("{}-{}-{}", t.day, ENGLISH[t.month - 1], t.year)
        }),
        ("date", Days, |t| {
            format!(
                "{:02}{}{}",
                t.day,
                ENGLISH[t.month - 1].to_uppercase(),
                t.year
            )
        }),
        ("Datum", Days, |t| {
            format!("{}. {} {}", t.day, GERMAN[t.month - 1], t.year)
        }),
        ("dzień", Days, |t| {
            format!("{} {} {}", t.day, POLISH[t.month - 1], t.year)
        }),
        ("date", Days, |t| {
            format!("{}年{}月{}日", t.year, t.month, t.day)
        }),
        ("date", Days, |t| {
            format!("{}. {}. {}.", t.year, t.month, t.day)
        }),
        ("year|day_of_year", Days, |t| {
            format!("{}|{}", t.year, [0, 31][t.month - 1] + t.day)
        }),
        ("month", Months, |t| format!("{}-{:02}", t.year, t.month)),
        ("month", Months, |t| format!("{}{:02}", t.year, t.month)),
        ("month", Months, |t| format!("{}M{:02}", t.year, t.month)),
        ("Monat", Months, |t| {
            format!("{} {}", GERMAN[t.month - 1], t.year)
        }),
        ("date", Months, |t| {
            format!("{}-{:02}", ENGLISH[t.month - 1], t.year % 100)
        }),
        ("date", Months, |t| {
            format!("{} {}", t.year, ENGLISH[t.month - 1])
        }),
        ("Jahr|Monat", Months, |t| format!("{}|{}", t.year, t.month)),
        ("Year|Month", Months, |t| {
            format!("{}|{}", t.year, ENGLISH[t.month - 1])
        }),
        ("quarter", Quarters, |t| {
            format!("{}Q{}", t.year, t.month / 3 + 1)
        }),
        ("quarter", Quarters, |t| {
            format!("Q{}-{}", t.month / 3 + 1, t.year)
        }),
        ("quarter", Quarters, |t| {
            format!("{}Q{:02}", t.month / 3 + 1, t.year % 100)
        }),
    ]
}

const LAYOUTS: [&str; 8] = [
    "plain", "preamble", "comments", "units", "footer", "trailing", "quoted", "crlf",
];

fn write(form: &Form, delimiter: char, comma: bool, layout: &str) -> String {
    let (names, step, cell) = form;
    let columns = names.matches('|').count() + 1;
    let end = if layout == "crlf" { "\r\n" } else { "\n" };
    let tail = if layout == "trailing" {
        delimiter.to_string()
    } else {
        String::new()
    };
    let quote = |cell: &str| {
        let must = cell.contains(delimiter) || layout == "quoted";
        if must {
            format!("\"{cell}\"")
        } else {
            cell.to_owned()
        }
    };
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| quote(cell)).collect();
        cells.join(&delimiter.to_string()) + &tail + end
    };
    let cells_of = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    let mut text = match layout {
        "preamble" => format!("Report of the station{end}Made in May{end}"),
        "comments" => format!("# made by a logger{end}# second line{end}"),
        _ => String::new(),
    };
    text += &line(&[cells_of(names), vec!["Größe".to_owned(), "b".to_owned()]].concat());
    if layout == "units" {
        let blanks = vec![String::new(); columns];
        text += &line(&[blanks, vec!["kW".to_owned(), "°C".to_owned()]].concat());
    }
    for row in 0..ROWS {
        let time = Time::of(step.at(row), *step);
        let number = |value: f32| {
            let text = format!("{value:.2}");
            if comma { text.replace('.', ",") } else { text }
        };
        let values = vec![number(values(row)[0]), number(values(row)[1])];
        text += &line(&[cells_of(&cell(&time)), values].concat());
    }
    if layout == "footer" {
        text += &format!("{end}Source: the agency of statistics{end}");
    }
    text
}

fn values(row: usize) -> [f32; 2] {
    [row as f32 * 1.25 - 7.5, ((row * 37) % 11) as f32 + 0.25]
}

fn encode(text: &str, encoding: &str) -> Option<Vec<u8>> {
    Some(match encoding {
        "UTF-8" => text.as_bytes().to_vec(),
        "UTF-8 with a mark" => [&b"\xEF\xBB\xBF"[..], text.as_bytes()].concat(),
        "UTF-16" => {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xFF, 0xFE].into_iter().chain(units).collect()
        }
        _ => {
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
            bytes.collect::<Option<Vec<u8>>>()?
        }
    })
}

#[test]
fn what_is_written_is_read() {
    let encodings: &[&str] = if cfg!(feature = "encodings") {
        &["UTF-8", "UTF-8 with a mark", "UTF-16", "Latin-1"]
    } else {
        &["UTF-8", "UTF-8 with a mark", "UTF-16"]
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for (number, form) in forms().iter().enumerate() {
        let times: Vec<i64> = (0..ROWS).map(|row| form.1.at(row)).collect();
        for delimiter in [',', ';', '\t', '|'] {
            for comma in [false, true] {
                for layout in LAYOUTS {
                    let text = write(form, delimiter, comma, layout);
                    // The text is decoded before the layout is detected, so two layouts suffice.
                    let encodings = if matches!(layout, "plain" | "quoted") {
                        encodings
                    } else {
                        &encodings[..1]
                    };
                    for encoding in encodings {
                        let Some(bytes) = encode(&text, encoding) else {
                            continue;
                        };
                        count += 1;
                        let which = || {
                            format!(
                                "form {number} {}, {delimiter:?}, comma {comma}, {layout}, {encoding}",
                                form.0
                            )
                        };
                        let table = match read_table(&bytes, &ReadOptions::default()) {
                            Ok(table) => table,
                            Err(error) => {
                                wrong.push(format!("{}: {error}", which()));
                                continue;
                            }
                        };
                        let expected: Vec<f32> = (0..ROWS).flat_map(values).collect();
                        if table.channels != ["Größe", "b"]
                            || table.timestamps.as_ref() != Some(&times)
                            || table.values() != expected
                        {
                            wrong.push(format!(
                                "{}: {:?}\n{}",
                                which(),
                                table.channels,
                                table.detection.lines().join("\n")
                            ));
                        }
                    }
                }
            }
        }
    }
    let first: Vec<&String> = wrong.iter().step_by(1 + wrong.len() / 12).collect();
    assert!(
        wrong.is_empty(),
        "{} of {count} wrong\n{first:#?}",
        wrong.len()
    );
    assert!(count > 3000, "{count}");
}
