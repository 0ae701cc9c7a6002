//! Conversion of bytes to a [`Table`], in one pass over the cells.

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::{
    body::{Body, Columns},
    delimiter::{self, Delimiter},
    detection::{ColumnUnit, Detection},
    error::{ReadError, shorten, some},
    header, layout,
    number::is_number,
    options::{HeaderRow, MOST_MARKERS, ReadOptions, Shape, TimeColumn},
    plain_text::plain_text,
    records::Lines,
    reshape::Cells,
    sample::Sample,
    table::Table,
    time::{find, zone::Zone},
};

/// Reads a table of numbers. Delimiter, decimal sign, header and time column are detected.
///
/// [`Table::detection`] contains what was found, and why. Columns of text and columns that only
/// count rows are dropped; rows are neither sorted, filled nor dropped here. The table takes 4 bytes
/// per number, in addition to `bytes`.
///
/// # Errors
/// [`ReadError`] contains the place and what to do: bytes that are not text, rows of unequal length, numbers
/// that are not finite, timestamps of another form than the rest, lines longer or wider than
/// [`ReadOptions`] allows, and tables without rows or numbers.
///
/// # Example
/// ```
/// use spat_series::{ReadOptions, read_table};
///
/// let table = read_table(b"day;C\n1.7.2016;20,5\n2.7.2016;\n", &ReadOptions::default())?;
/// assert_eq!(table.channels, ["C"]);
/// assert_eq!((table.rows(), table.values()[0]), (2, 20.5));
/// assert!(table.is_missing(1, 0));
/// # Ok::<(), spat_series::ReadError>(())
/// ```
pub fn read_table(bytes: &[u8], options: &ReadOptions) -> Result<Table, ReadError> {
    if options.missing.len() > MOST_MARKERS {
        return Err(ReadError::TooManyMarkers {
            found: options.missing.len(),
            limit: MOST_MARKERS,
        });
    }
    let plain = plain_text(bytes, options)?;
    let mut detection = Detection::default();
    detection.describe(&plain);
    read_text(&plain.text, options, &mut detection)
}

/// Reshapes the table so that it has a row per time, and reads it.
fn read_reshaped(
    cells: &Cells,
    decimal_comma: bool,
    options: &ReadOptions,
    mut detection: Detection,
) -> Result<Table, ReadError> {
    let text = match &options.shape {
        Shape::Rows | Shape::Transposed => {
            detection
                .passed_over
                .push("Rows and columns were exchanged, as requested.".to_owned());
            cells.transposed()?
        }
        Shape::MonthsAcross => {
            let (text, left) = cells.months_across()?;
            detection.passed_over.push(
                "The months of all years were stacked into one column, as requested.".to_owned(),
            );
            if !left.is_empty() {
                detection.passed_over.push(format!(
                    "Columns other than months left out: {}.",
                    some(&left)
                ));
            }
            text
        }
        Shape::Long(long) => {
            let (text, repeated) = cells.pivoted(long)?;
            detection.passed_over.push(format!(
                "A column was made of each {:?}, as requested.",
                long.id
            ));
            if repeated > 0 {
                detection.passed_over.push(format!(
                    "{repeated} rows repeat the time of another of the same series; the last one is kept."
                ));
            }
            text
        }
    };
    let time = match &options.shape {
        Shape::Long(long) => long.time.clone(),
        _ => "time".to_owned(),
    };
    let options = ReadOptions {
        delimiter: Some(b','),
        decimal_comma: Some(decimal_comma),
        header: HeaderRow::Present,
        header_rows: Some(1),
        skip: None,
        comment: Some(String::new()),
        time_column: match &options.time_column {
            TimeColumn::Auto => TimeColumn::Named(time),
            other => other.clone(),
        },
        shape: Shape::Rows,
        ..options.clone()
    };
    read_text(&text, &options, &mut detection)
}

/// The names of the columns of a table, for users to choose from.
///
/// # Errors
/// As [`read_table`], as far as the first lines show.
pub fn column_names(bytes: &[u8], options: &ReadOptions) -> Result<Vec<String>, ReadError> {
    let plain = plain_text(bytes, options)?;
    let mut outline = Outline::of(&plain.text, options, &mut Detection::default())?;
    Ok(outline
        .name_columns(options, &mut Detection::default())
        .names)
}

/// Reads a table that is text.
fn read_text(
    text: &str,
    options: &ReadOptions,
    detection: &mut Detection,
) -> Result<Table, ReadError> {
    let zone = options.time_zone.as_deref().map(Zone::named).transpose()?;
    let mut outline = Outline::of(text, options, detection)?;
    if options.shape != Shape::Rows {
        let cells = Cells::read(&outline.lines(), outline.byte, outline.above, options)?;
        return read_reshaped(
            &cells,
            outline.decimal_comma,
            options,
            std::mem::take(detection),
        );
    }
    let Named { names, head } = outline.name_columns(options, detection);
    if outline.sample.records.len() <= head {
        return Err(ReadError::NoRows {
            columns: names.len(),
        });
    }
    let times = find::find(&outline.sample, &names, head, options)?;
    let columns = Columns {
        delimiter: outline.byte,
        names,
        skip: outline.above + head,
        head,
    };
    let mut body = Body::new(
        &outline.sample,
        columns,
        times,
        options,
        std::mem::take(detection),
    );
    outline.sample.records.clear();
    body.read(&outline.lines(), options)?;
    body.finish(zone.as_ref())
}

/// The layout of a table, detected from its first lines.
struct Outline<'a> {
    /// The text that is read: below the skipped lines, blanks between cells replaced.
    text: Cow<'a, str>,
    first_line: u64,
    comment: String,
    /// The last comment line above the rows, which may hold the names.
    commented: Option<&'a str>,
    delimiter: Delimiter,
    /// The byte between the cells of `text`.
    byte: u8,
    decimal_comma: bool,
    /// Records above the names.
    above: usize,
    /// The first records, from the names on.
    sample: Sample,
}

/// The names of the columns.
struct Named {
    /// Each different.
    names: Vec<String>,
    /// Records that hold them.
    head: usize,
}

impl<'a> Outline<'a> {
    fn of(
        text: &'a str,
        options: &ReadOptions,
        detection: &mut Detection,
    ) -> Result<Self, ReadError> {
        let (text, first_line, hint) = without_hint(text);
        let (text, first_line) = without_lines(text, first_line, options.skip);
        if let Some(skip) = options.skip.filter(|&skip| skip > 0) {
            detection.passed_over.push(format!(
                "The first {skip} lines were skipped, as requested."
            ));
        }
        let found = layout::comments(text);
        let comment = match &options.comment {
            Some(asked) => asked.clone(),
            None => found.map_or_else(String::new, |(prefix, _)| prefix.to_owned()),
        };
        let mut lines = Lines {
            text,
            first_line,
            comment: &comment,
        };
        let hinted = ReadOptions {
            delimiter: options.delimiter.or(hint),
            ..options.clone()
        };
        let mut delimiter = delimiter::find(&lines, &hinted)?;
        if hint.is_some() && options.delimiter.is_none() {
            delimiter.why = "the first line names it".to_owned();
        }
        let mut text = Cow::Borrowed(text);
        let mut byte = delimiter.byte;
        if let Some(least) = delimiter.blanks {
            detection.crlf = text.contains("\r\n");
            text = Cow::Owned(layout::aligned(&text, least));
            byte = b'\t';
            lines.text = &text;
        }
        let mut sample = Sample::take(&lines, byte, usize::MAX, options)?;
        if sample.complete {
            layout::without_footer(&mut sample);
        }
        let (decimal_comma, decimal_why) =
            delimiter::find_decimal(&sample, delimiter.byte, options);
        let above = match (options.skip, options.header) {
            (None, HeaderRow::Auto) => layout::preamble(&sample, decimal_comma),
            _ => 0,
        };
        if above > 0 {
            detection.passed_over.push(preamble_line(&sample, above));
            sample.drop_first(above);
        }
        detection.delimiter = char::from(delimiter.byte);
        detection.delimiter_why.clone_from(&delimiter.why);
        detection.decimal_comma = decimal_comma;
        detection.decimal_why = decimal_why;
        Ok(Self {
            text,
            first_line,
            comment,
            commented: found.map(|(_, line)| line),
            delimiter,
            byte,
            decimal_comma,
            above,
            sample,
        })
    }

    fn lines(&self) -> Lines<'_> {
        Lines {
            text: &self.text,
            first_line: self.first_line,
            comment: &self.comment,
        }
    }

    /// Finds the names, and removes later records that repeat them from the sample.
    fn name_columns(&mut self, options: &ReadOptions, detection: &mut Detection) -> Named {
        let auto = options.header == HeaderRow::Auto;
        if auto && layout::lacks_first_name(&self.sample, self.decimal_comma) {
            self.sample.records[0].insert(0, String::new());
            let line = "The first column has no name: the header has one cell fewer than the rows.";
            detection.passed_over.push(line.to_owned());
        }
        let asked = match options.header_rows {
            Some(_) => HeaderRow::Present,
            None => options.header,
        };
        let (found, why) = header::find(&self.sample, self.decimal_comma, asked);
        detection.header = found;
        detection.header_why = why;
        let mut head = layout::Head::default();
        let mut given = None;
        if found {
            head = layout::head(&self.sample, self.decimal_comma, options.header_rows);
            given = Some(head.names);
        } else if auto && let Some(names) = self.commented_names(options) {
            given = Some(names);
            detection.header = true;
            detection.header_why = "it is the last comment line above the rows".to_owned();
        }
        let mut names = header::numbered(self.sample.columns());
        if let Some(given) = given {
            (names, detection.renamed) = header::names(&given);
            detection.layout = layout::suspicion(&names);
        }
        detection.passed_over.append(&mut head.notes);
        detection.units = (names.iter().zip(head.units))
            .filter(|(_, unit)| !unit.is_empty())
            .map(|(name, unit)| ColumnUnit {
                name: name.clone(),
                unit,
            })
            .collect();
        let lost = |name: &&String| name.contains('\u{FFFD}');
        detection.replacement_in_header = names.iter().filter(lost).cloned().collect();
        // Repeated headers are skipped where they occur.
        self.sample.without_repeats_of_first(head.rows);
        Named {
            names,
            head: head.rows,
        }
    }

    /// The names in the last comment line above the rows, if it has one per column.
    fn commented_names(&self, options: &ReadOptions) -> Option<Vec<String>> {
        let line = self.commented?;
        let text = match self.delimiter.blanks {
            Some(least) => Cow::Owned(layout::aligned(line, least)),
            None => Cow::Borrowed(line),
        };
        let lines = Lines {
            text: &text,
            first_line: 1,
            comment: "",
        };
        let mut sample = Sample::take(&lines, self.byte, 1, options).ok()?;
        let names = sample.records.pop()?;
        let columns = self.sample.columns();
        let fits = names.len() == columns && columns > 1;
        (fits && !names.iter().any(|name| is_number(name, false))).then_some(names)
    }
}

/// Which lines are a preamble, as a sentence.
fn preamble_line(sample: &Sample, above: usize) -> String {
    let (from, to) = (sample.line(0), sample.line(above - 1));
    let text = sample.records[0].iter().find(|cell| !cell.is_empty());
    let which = if from == to {
        format!("Line {from} was")
    } else {
        format!("Lines {from} to {to} were")
    };
    let text = shorten(text.map_or("", String::as_str));
    format!("{which} skipped as a preamble ({text:?}).")
}

/// The text below the first `skip` lines, and the line at which it starts.
fn without_lines(text: &str, first_line: u64, skip: Option<usize>) -> (&str, u64) {
    let Some(skip) = skip.filter(|&skip| skip > 0) else {
        return (text, first_line);
    };
    let end = memchr_iter(b'\n', text.as_bytes()).nth(skip - 1);
    let rest = end.map_or("", |end| &text[end + 1..]);
    (rest, first_line + skip as u64)
}

/// The text below a first line `sep=;`, which spreadsheets write to name the delimiter.
fn without_hint(text: &str) -> (&str, u64, Option<u8>) {
    let line_end = text.find(['\n', '\r']).unwrap_or(text.len());
    match text[..line_end].strip_prefix("sep=").map(str::as_bytes) {
        Some(&[delimiter]) if delimiter.is_ascii() => {
            let rest = &text[line_end..];
            let rest = rest
                .strip_prefix("\r\n")
                .or_else(|| rest.strip_prefix(['\n', '\r']));
            (rest.unwrap_or(""), 2, Some(delimiter))
        }
        _ => (text, 1, None),
    }
}
