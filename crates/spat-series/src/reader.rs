//! Bytes into a [`Table`], in one pass over the cells.

use memchr::{memchr, memchr_iter};

use crate::{
    body::Body, cell::Cells, delimiter, detection::Detection, error::ReadError, header,
    options::ReadOptions, sample::Sample, table::Table, time_column,
};

/// Reads a table of numbers, with whatever delimiter, decimal sign, header and time column it has.
///
/// What was found, and why, stands in [`Table::detection`]. Columns of text and columns that only
/// count rows are set aside; nothing is sorted, filled or dropped here. Memory is the table
/// itself, 4 bytes per number, beside the bytes given.
///
/// # Errors
/// [`ReadError`] says where and what to do: bytes that are not UTF-8 text, rows of unequal length,
/// text among numbers, numbers that are not finite, stamps of another form than the rest, lines
/// longer or wider than [`ReadOptions`] allows, and tables without rows or numbers.
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
    let (text, byte_order_mark) = as_text(bytes)?;
    let (text, first_line, hint) = without_hint(text);
    let hinted = ReadOptions {
        delimiter: options.delimiter.or(hint),
        ..options.clone()
    };
    let (delimiter, mut delimiter_why) = delimiter::find(text, &hinted)?;
    if hint.is_some() && options.delimiter.is_none() {
        delimiter_why = "the first line says so".to_owned();
    }
    let sample = Sample::take(text, delimiter, usize::MAX, options)?;
    let (decimal_comma, decimal_why) = delimiter::find_decimal(&sample, delimiter, options);
    let (has_header, header_why) = header::find(&sample, decimal_comma, options.header);
    let (names, renamed) = header::names(&sample, has_header);
    let skip = usize::from(has_header);
    if sample.records.len() <= skip {
        return Err(ReadError::NoRows {
            columns: names.len(),
        });
    }
    let source = time_column::find(&sample, &names, skip, &options.time_column)?;
    let cells = Cells::new(decimal_comma, &options.missing);
    let detection = Detection {
        delimiter: char::from(delimiter),
        delimiter_why,
        decimal_comma,
        decimal_why,
        header: has_header,
        header_why,
        renamed,
        replacement_in_header: names
            .iter()
            .filter(|n| n.contains('\u{FFFD}'))
            .cloned()
            .collect(),
        byte_order_mark,
        ..Detection::default()
    };
    let mut body = Body::new(&sample, names, skip, source, cells, detection);
    drop(sample);
    body.read(text, first_line, options)?;
    body.finish()
}

/// The text of a file without its byte order mark, and whether it had one.
fn as_text(bytes: &[u8]) -> Result<(&str, bool), ReadError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::Utf16);
    }
    let line_at = |offset: usize| 1 + memchr_iter(b'\n', &bytes[..offset]).count() as u64;
    if let Some(offset) = memchr(0, bytes) {
        return Err(ReadError::Nul {
            offset,
            line: line_at(offset),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let byte = bytes.get(offset).copied().unwrap_or(0);
        ReadError::NotUtf8 {
            offset,
            line: line_at(offset),
            byte,
        }
    })?;
    match text.strip_prefix('\u{FEFF}') {
        Some(text) => Ok((text, true)),
        None => Ok((text, false)),
    }
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
