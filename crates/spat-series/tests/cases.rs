//! Small tables of every kind with the expected result: `tests/cases`, and tables of the same names in
//! `shared/cases/tables` next to the workspace, if it exists.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{fs, path::Path};

use spat_series::{
    ReadOptions, Series, SeriesError, SeriesOptions, Shape, Table, TimeDetection, read_table,
};

/// The expected result of a table.
enum Answer {
    /// Channels, and the step of the time index.
    Step(&'static [&'static str], &'static str),
    /// Channels, and rows that are read.
    Rows(&'static [&'static str], usize),
    /// A channel, and the mean of its cells.
    Mean(&'static str, f64),
    /// A warning or a finding that contains these words.
    Reports(&'static [&'static str]),
    /// An error that contains these words.
    Refused(&'static [&'static str]),
    /// One series after the shape is named.
    Shaped(Shape, &'static [&'static str], usize),
}

use Answer::{Mean, Refused, Reports, Rows, Shaped, Step};

fn answers() -> Vec<(&'static str, Vec<Answer>)> {
    vec![
        ("date-and-time", vec![Step(&["y"], "1 h")]),
        ("date-and-time-ampm", vec![Step(&["y"], "1 h")]),
        ("date-and-hour", vec![Step(&["y"], "1 h")]),
        ("datum-uhrzeit", vec![Step(&["Wert"], "1 h")]),
        (
            "time-with-dots",
            vec![Step(&["CO"], "1 h"), Reports(&["DD/MM/YYYY"])],
        ),
        ("year-and-week", vec![Step(&["y"], "1 week")]),
        ("year-and-month-name", vec![Step(&["y"], "1 month")]),
        ("jahr-monat", vec![Step(&["Wert"], "1 month")]),
        (
            "preamble",
            vec![Rows(&["y"], 3), Reports(&["Line 1 was skipped"])],
        ),
        (
            "comments",
            vec![
                Rows(&["y"], 2),
                Reports(&["Comment lines that were skipped: 1."]),
            ],
        ),
        (
            "units-row",
            vec![
                Rows(&["ET", "V"], 3),
                Reports(&["Line 2 holds units", "V kph"]),
            ],
        ),
        (
            "three-header-rows",
            vec![
                Rows(&["Close", "Volume"], 3),
                Reports(&["Time column \"Date\""]),
            ],
        ),
        (
            "footer",
            vec![Rows(&["y"], 2), Reports(&["line 5", "Source: Agency"])],
        ),
        ("two-header-rows", vec![Rows(&["North T", "South T"], 2)]),
        ("iso-week", vec![Step(&["y"], "1 week")]),
        ("yyyymm", vec![Step(&["y"], "1 month")]),
        ("excel-serial", vec![Step(&["y"], "1 h")]),
        ("compact-date-clock", vec![Step(&["y"], "1 h")]),
        ("quarter-1990Q04", vec![Step(&["y"], "1 quarter")]),
        ("german-month-name", vec![Step(&["y"], "1 day")]),
        (
            "fractional-epoch",
            vec![Rows(&["y"], 22), Step(&["y"], "5 ms")],
        ),
        (
            "interval-stamps",
            vec![
                Step(&["y"], "1 h"),
                Reports(&["intervals, of which the start"]),
            ],
        ),
        ("zone-abbreviation", vec![Step(&["y"], "1 h")]),
        ("year-month-name", vec![Step(&["y"], "1 month")]),
        ("cjk-date", vec![Step(&["y"], "1 day")]),
        (
            "form-changes-midway",
            vec![
                Rows(&["y"], 30),
                Reports(&["Warning", "\"date\"", "line 22"]),
            ],
        ),
        (
            "two-digit-year",
            vec![Step(&["y"], "1 month"), Reports(&["1930 to 2029"])],
        ),
        (
            "decimal-comma-leading-zero",
            vec![Mean("y", (0.234 + 1.235 + 2.236) / 3.0)],
        ),
        ("blank-thousands", vec![Mean("y", 1235.0)]),
        ("apostrophe-thousands", vec![Mean("y", 1235.0)]),
        ("percent", vec![Mean("rate", 2.55), Reports(&["rate %"])]),
        ("currency", vec![Mean("price", 50.0), Reports(&["price $"])]),
        (
            "k-and-m",
            vec![Mean("Vol.", 606_250.0), Reports(&["K, M and B"])],
        ),
        ("unicode-minus", vec![Mean("t", -1.0)]),
        ("lakh", vec![Mean("inr", 1_234_568.0)]),
        (
            "units-in-cells",
            vec![Mean("Power", 2.55), Reports(&["Power kW"])],
        ),
        (
            "coarse-date-before-ts",
            vec![Step(&["y"], "1 h"), Reports(&["Time column \"ts\""])],
        ),
        (
            "years-across",
            vec![
                Rows(&["1960", "1961", "1962"], 2),
                Reports(&["Warning", "lies on its side", "--transpose"]),
                Shaped(Shape::Transposed, &["Aland", "Bland"], 3),
            ],
        ),
        (
            "year-by-months",
            vec![
                Reports(&["Warning", "--months-across"]),
                Shaped(Shape::MonthsAcross, &["value"], 144),
            ],
        ),
        (
            "epoch-beyond-f32",
            vec![Rows(&["y"], 30), Step(&["y"], "5 ms")],
        ),
        (
            "sentinel-200",
            vec![Reports(&["-200 ×3", "--missing -200"])],
        ),
        ("json", vec![Rows(&["y"], 2), Reports(&["JSON"])]),
        (
            "lfs-pointer",
            vec![Refused(&["Git LFS pointer", "fetch the file itself"])],
        ),
        ("aligned-blanks", vec![Rows(&["a", "b"], 2)]),
    ]
}

fn series(table: &Table) -> Result<Series, SeriesError> {
    table.clone().into_series(&SeriesOptions::default())
}

/// The difference to the expected result; `None` if there is none.
fn wrong(bytes: &[u8], answer: &Answer) -> Option<String> {
    let read = read_table(bytes, &ReadOptions::default());
    if let Refused(words) = answer {
        let text = read.map_or_else(|error| error.to_string(), |_| "read".to_owned());
        return (!words.iter().all(|word| text.contains(word))).then_some(text);
    }
    let table = match read {
        Ok(table) => table,
        Err(error) => return Some(error.to_string()),
    };
    let lines = table.detection.lines().join("\n");
    let channels = |table: &Table, expected: &[&str]| {
        (table.channels != expected).then(|| format!("channels {:?}\n{lines}", table.channels))
    };
    match answer {
        Step(expected, step) => channels(&table, expected).or_else(|| {
            let found = table.clone().into_series(&SeriesOptions::as_they_are());
            let found = found.map(|series| series.index.frequency().to_string());
            let found = found.unwrap_or_else(|error| error.to_string());
            (found != *step).then(|| format!("step {found}\n{lines}"))
        }),
        Rows(expected, rows) => channels(&table, expected)
            .or_else(|| (table.rows() != *rows).then(|| format!("{} rows", table.rows()))),
        Mean(channel, mean) => {
            let Some(place) = table.channels.iter().position(|name| name == channel) else {
                return Some(format!("channels {:?}\n{lines}", table.channels));
            };
            let cells = table
                .values()
                .iter()
                .skip(place)
                .step_by(table.channels.len());
            let sum: f64 = cells.map(|value| f64::from(*value)).sum();
            let found = sum / table.rows() as f64;
            ((found - mean).abs() > 1e-4 * mean.abs()).then(|| format!("mean {found}\n{lines}"))
        }
        Reports(words) => (!words.iter().all(|word| lines.contains(word))).then_some(lines),
        Shaped(shape, expected, rows) => {
            let options = ReadOptions {
                shape: shape.clone(),
                ..ReadOptions::default()
            };
            match read_table(bytes, &options) {
                Err(error) => Some(error.to_string()),
                Ok(table) if table.channels != *expected || table.rows() != *rows => Some(format!(
                    "channels {:?}, {} rows\n{}",
                    table.channels,
                    table.rows(),
                    table.detection.lines().join("\n")
                )),
                Ok(table) => (!matches!(table.detection.time, TimeDetection::Column { .. }))
                    .then(|| format!("{:?}", table.detection.time)),
            }
        }
        Refused(_) => None,
    }
}

#[test]
fn every_table_has_its_right_answer() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = here.join("../../../shared/cases/tables");
    if !shared.is_dir() {
        eprintln!("skipped: {} is not there", shared.display());
    }
    let mut all = Vec::new();
    for folder in [here.join("tests/cases"), shared] {
        for (name, answers) in answers() {
            let Ok(bytes) = fs::read(folder.join(format!("{name}.csv"))) else {
                continue;
            };
            let wrong = answers.iter().filter_map(|answer| wrong(&bytes, answer));
            all.extend(wrong.map(|wrong| format!("{name}: {wrong}")));
        }
    }
    assert!(
        all.is_empty(),
        "{} wrong answers\n\n{}",
        all.len(),
        all.join("\n\n")
    );
}

#[test]
fn a_bad_cell_matters_only_where_it_is_used() {
    let bytes = fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/bad-cell-in-unused-column.csv"),
    );
    let table = read_table(&bytes.unwrap(), &ReadOptions::default()).unwrap();
    let error = series(&table).unwrap_err().to_string();
    assert!(
        error.contains("Invoice") && error.contains("C121") && error.contains("line 9"),
        "{error}"
    );
    let only = SeriesOptions {
        channels: Some(vec!["y".to_owned()]),
        ..SeriesOptions::default()
    };
    let series = table.into_series(&only).unwrap();
    assert_eq!(
        (series.channels.as_slice(), series.rows()),
        (&["y".to_owned()][..], 20)
    );
}
