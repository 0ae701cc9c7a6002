//! Which byte separates cells, and which precedes decimals.

use crate::{
    error::ReadError,
    layout,
    number::{is_marker, is_number, is_quantity},
    options::ReadOptions,
    records::Lines,
    sample::Sample,
    time::forms::is_evident,
};

/// Candidates, the likeliest first.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records that suffice to distinguish delimiters.
const RECORDS: usize = 50;

/// The delimiter of cells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delimiter {
    pub(crate) byte: u8,
    /// How many blanks in a row are one delimiter, where cells are aligned by blanks.
    pub(crate) blanks: Option<usize>,
    /// Why it was chosen, as a sentence for people.
    pub(crate) why: String,
}

impl Delimiter {
    fn of(byte: u8, why: String) -> Self {
        Self {
            byte,
            blanks: None,
            why,
        }
    }

    fn blanks(least: usize, why: String) -> Self {
        Self {
            byte: b' ',
            blanks: Some(least),
            why,
        }
    }
}

/// The delimiter of a table.
///
/// A good delimiter splits every line into the same number of cells, more than one, and the cells
/// are numbers, times or missing.
///
/// # Errors
/// The requested delimiter is not allowed, or lines are longer or wider than allowed.
pub(crate) fn find(lines: &Lines<'_>, options: &ReadOptions) -> Result<Delimiter, ReadError> {
    if let Some(delimiter) = options.delimiter {
        if !delimiter.is_ascii()
            || delimiter.is_ascii_alphanumeric()
            || b"\n\r\"+-.".contains(&delimiter)
        {
            return Err(ReadError::Delimiter {
                delimiter: char::from(delimiter),
            });
        }
        let why = "as requested".to_owned();
        return Ok(match delimiter {
            b' ' => Delimiter::blanks(1, why),
            byte => Delimiter::of(byte, why),
        });
    }
    let mut best: Option<(f64, Delimiter)> = None;
    let mut too_wide = None;
    for delimiter in CANDIDATES {
        let sample = match Sample::take(lines, delimiter, RECORDS, options) {
            Err(error @ ReadError::TooManyColumns { .. }) => {
                too_wide = too_wide.or(Some(error));
                continue;
            }
            other => other?,
        };
        let Some((score, why)) = score(&sample) else {
            continue;
        };
        if best.as_ref().is_none_or(|(other, ..)| score > *other) {
            best = Some((score, Delimiter::of(delimiter, why)));
        }
    }
    for least in [2, 1] {
        // A preamble may have as many words as the table has columns, so blanks must be clearly better.
        if let Some((score, delimiter)) = aligned(lines, least, options)
            && best.as_ref().is_none_or(|(other, delimiter)| {
                score > *other * if delimiter.blanks.is_some() { 1.0 } else { 1.2 }
            })
        {
            best = Some((score, delimiter));
        }
    }
    match (best, too_wide) {
        (Some((_, delimiter)), _) => Ok(delimiter),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Delimiter::of(
            CANDIDATES[0],
            "no delimiter was found, so there is one column".to_owned(),
        )),
    }
}

/// How well a delimiter splits a sample, and why; `None` if it does not split it.
fn score(sample: &Sample) -> Option<(f64, String)> {
    let (columns, even) = common_width(sample);
    if columns < 2 {
        return None;
    }
    let lines = sample.records.len();
    let (understood, cells) = understood(sample);
    let score = even as f64 / lines as f64 * (0.1 + understood as f64 / cells.max(1) as f64);
    let why = format!(
        "it cuts {even} of the first {lines} lines into {columns} cells, and {understood} of {cells} \
         cells are numbers, times or missing"
    );
    Some((score, why))
}

/// The score of runs of at least `least` blanks, where nearly every line has as many cells and most
/// cells are understood.
fn aligned(lines: &Lines<'_>, least: usize, options: &ReadOptions) -> Option<(f64, Delimiter)> {
    let start = lines.text;
    let end = memchr::memchr_iter(b'\n', start.as_bytes())
        .nth(RECORDS)
        .unwrap_or(start.len());
    if end > 1 << 20 || !start[..end].contains("  ") && least > 1 {
        return None;
    }
    let text = layout::aligned(&start[..end], least);
    let lines = Lines {
        text: &text,
        ..*lines
    };
    let sample = Sample::take(&lines, b'\t', RECORDS, options).ok()?;
    let (score, why) = score(&sample)?;
    let (_, even) = common_width(&sample);
    let (understood, cells) = understood(&sample);
    let good = even * 10 >= sample.records.len() * 9 && understood * 10 >= cells * 6 && cells > 1;
    good.then(|| (score, Delimiter::blanks(least, why)))
}

/// The most frequent number of cells, and in how many records.
fn common_width(sample: &Sample) -> (usize, usize) {
    let mut widths: Vec<usize> = sample.records.iter().map(Vec::len).collect();
    widths.sort_unstable();
    widths
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .max_by_key(|&(_, count)| count)
        .unwrap_or((0, 0))
}

/// Cells below the first record that are numbers, times or missing, and all cells.
fn understood(sample: &Sample) -> (usize, usize) {
    let cells = sample.records.iter().skip(1).flatten();
    cells.fold((0, 0), |(good, all), cell| {
        let known = is_quantity(cell, false)
            || is_quantity(cell, true)
            || is_marker(cell)
            || is_evident(cell);
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
        return (comma, "as requested".to_owned());
    }
    // "1,5" is a number with a decimal comma only, "1.5" with a point only; "1,234" and "1.234"
    // are numbers both ways and do not decide.
    let (mut comma, mut point, mut open) = (0, 0, 0);
    for cell in sample
        .records
        .iter()
        .flatten()
        .filter(|c| c.contains([',', '.']))
    {
        let numbers = match (is_number(cell, true), is_number(cell, false)) {
            (false, false) => (is_quantity(cell, true), is_quantity(cell, false)),
            numbers => numbers,
        };
        match numbers {
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
        let delimiter = find(&Lines::new(text), &options).unwrap().byte;
        let sample = Sample::take(&Lines::new(text), delimiter, 200, &options).unwrap();
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
                find(&Lines::new("a"), &options),
                Err(ReadError::Delimiter { .. })
            ));
        }
    }
}
