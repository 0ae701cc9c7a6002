//! Which byte stands between cells, and which in front of decimals.

use crate::{
    cell::{is_marker, is_number},
    error::ReadError,
    options::ReadOptions,
    order::sorted,
    sample::Sample,
    stamp_form::is_evident_stamp,
};

/// Candidates, the likeliest first.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records that are enough to tell delimiters apart.
const RECORDS: usize = 50;

/// The delimiter of `text`, and why.
///
/// A good delimiter cuts every line into the same number of cells, more than one, and the cells
/// are numbers, stamps or missing.
///
/// # Errors
/// When the delimiter asked for is none, or lines are longer or wider than allowed.
pub(crate) fn find(text: &str, options: &ReadOptions) -> Result<(u8, String), ReadError> {
    if let Some(delimiter) = options.delimiter {
        if !delimiter.is_ascii()
            || delimiter.is_ascii_alphanumeric()
            || b"\n\r\"+-.".contains(&delimiter)
        {
            return Err(ReadError::Delimiter {
                delimiter: char::from(delimiter),
            });
        }
        return Ok((delimiter, "as asked for".to_owned()));
    }
    let mut best: Option<(f64, u8, String)> = None;
    let mut too_wide = None;
    for delimiter in CANDIDATES {
        let sample = match Sample::take(text, delimiter, RECORDS, options) {
            Err(error @ ReadError::TooManyColumns { .. }) => {
                too_wide = too_wide.or(Some(error));
                continue;
            }
            other => other?,
        };
        let (columns, even) = common_width(&sample);
        if columns < 2 {
            continue;
        }
        let lines = sample.records.len();
        let (understood, cells) = understood(&sample);
        let score = even as f64 / lines as f64 * (0.1 + understood as f64 / cells.max(1) as f64);
        if best.as_ref().is_none_or(|(other, ..)| score > *other) {
            let why = format!(
                "it cuts {even} of the first {lines} lines into {columns} cells, and {understood} \
                 of {cells} cells are numbers, times or missing"
            );
            best = Some((score, delimiter, why));
        }
    }
    match (best, too_wide) {
        (Some((_, delimiter, why)), _) => Ok((delimiter, why)),
        (None, Some(error)) => Err(error),
        (None, None) => Ok((
            CANDIDATES[0],
            "no delimiter was found, so there is one column".to_owned(),
        )),
    }
}

/// The most frequent number of cells, and in how many records.
fn common_width(sample: &Sample) -> (usize, usize) {
    let widths: Vec<usize> = sample.records.iter().map(Vec::len).collect();
    let widths = sorted(widths, Ord::cmp);
    widths
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .max_by_key(|&(_, count)| count)
        .unwrap_or((0, 0))
}

/// Cells below the first record that mean something, and all of them.
fn understood(sample: &Sample) -> (usize, usize) {
    let cells = sample.records.iter().skip(1).flatten();
    cells.fold((0, 0), |(good, all), cell| {
        let known = is_number(cell, false)
            || is_number(cell, true)
            || is_marker(cell)
            || is_evident_stamp(cell);
        (good + usize::from(known), all + 1)
    })
}

/// Whether numbers have a decimal comma, and why.
pub(crate) fn find_decimal(
    sample: &Sample,
    delimiter: u8,
    options: &ReadOptions,
) -> (bool, String) {
    if let Some(comma) = options.decimal_comma {
        return (comma, "as asked for".to_owned());
    }
    // "1,5" is a number with a decimal comma only, "1.5" with a point only; "1,234" and "1.234"
    // are numbers both ways and prove nothing.
    let (mut comma, mut point, mut open) = (0, 0, 0);
    for cell in sample
        .records
        .iter()
        .flatten()
        .filter(|c| c.contains([',', '.']))
    {
        match (is_number(cell, true), is_number(cell, false)) {
            (true, false) => comma += 1,
            (false, true) => point += 1,
            (true, true) if cell.contains(',') => open += 1,
            _ => {}
        }
    }
    if comma > point {
        (
            true,
            format!("{comma} cells such as \"1,5\" are numbers only with a comma"),
        )
    } else if point > 0 {
        (
            false,
            format!("{point} cells such as \"1.5\" are numbers only with a point"),
        )
    } else if open > 0 && delimiter == b';' {
        (
            true,
            "cells such as \"1,234\" could be either, and semicolons usually go with commas"
                .to_owned(),
        )
    } else if open > 0 {
        (
            false,
            "cells such as \"1,234\" were taken for thousands".to_owned(),
        )
    } else {
        (
            false,
            "no number in the first lines has a decimal comma".to_owned(),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn both(text: &str) -> (char, bool) {
        let options = ReadOptions::default();
        let (delimiter, _) = find(text, &options).unwrap();
        let sample = Sample::take(text, delimiter, 200, &options).unwrap();
        (
            char::from(delimiter),
            find_decimal(&sample, delimiter, &options).0,
        )
    }

    #[test]
    fn delimiters_and_decimals() {
        let table = [
            ("date,a,b\n2020-01-01,1.5,2\n2020-01-02,1,2\n", ',', false),
            (
                "date;a;b\n2020-01-01;1,5;2,5\n2020-01-02;1,5;2,5\n",
                ';',
                true,
            ),
            ("a;b\n1,5;2,5\n3,5;4,5\n", ';', true),
            ("a\tb\n1,5\t2\n", '\t', true),
            ("a|b\n1|2\n", '|', false),
            ("a;b\n1.5;2\n", ';', false),
            ("a;b\n1,234;5,678\n", ';', true),
            ("a,b\n\"1,5\",\"2,5\"\n", ',', true),
            ("a,b\n\"1,234\",\"2,500\"\n", ',', false),
            ("a;b\n\"1.234,5\";3\n", ';', true),
            ("value\n1\n2\n", ',', false),
            ("t,note;x\n1,a;b\n2,c;d\n", ',', false),
        ];
        for (text, delimiter, comma) in table {
            assert_eq!(both(text), (delimiter, comma), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_separate() {
        for delimiter in [b'"', b'\n', b'5', b'x', 0xE4, b'.'] {
            let options = ReadOptions {
                delimiter: Some(delimiter),
                ..Default::default()
            };
            assert!(matches!(
                find("a", &options),
                Err(ReadError::Delimiter { .. })
            ));
        }
    }
}
