//! The lines of a table, split into cells.
//!
//! A line without a quote is split at its delimiters directly, several times faster than by a state
//! machine; a record with a quote is split by `csv-core`. The results are the same. Memory is
//! bounded by `max_line_bytes`.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr_iter, memchr2, memchr3};

use crate::error::ReadError;

/// A text that holds a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    /// The line of the file at which it starts.
    pub(crate) first_line: u64,
    /// The prefix of comment lines; empty if there are none.
    pub(crate) comment: &'a str,
}

impl<'a> Lines<'a> {
    /// A text without comments that starts at the first line.
    #[cfg(test)]
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            first_line: 1,
            comment: "",
        }
    }
}

/// Iterates over the records of a text.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    rest: &'a str,
    comment: &'a str,
    line: u64,
    delimiter: u8,
    max_line_bytes: usize,
    core: Reader,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
    /// Whether a line ended with CR LF.
    pub(crate) crlf: bool,
    /// Empty lines skipped.
    pub(crate) blank_lines: usize,
    /// Comment lines passed over.
    pub(crate) comments: usize,
}

/// One record. `line` is where it starts, from 1.
#[derive(Debug)]
pub(crate) struct Record<'r> {
    pub(crate) line: u64,
    text: &'r str,
    /// Ends of the cells in `text`, without delimiters; `None` where `text` is the line itself.
    ends: Option<&'r [usize]>,
    delimiter: u8,
}

impl<'a> Records<'a> {
    pub(crate) fn new(source: &Lines<'a>, delimiter: u8, max_line_bytes: usize) -> Self {
        Self {
            rest: source.text,
            comment: source.comment,
            line: source.first_line,
            delimiter,
            max_line_bytes,
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            unquoted: Vec::new(),
            ends: Vec::new(),
            crlf: false,
            blank_lines: 0,
            comments: 0,
        }
    }

    /// Bytes not yet read.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next record that is not an empty line.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            if !self.comment.is_empty() && self.rest.starts_with(self.comment) {
                self.pass_line();
                self.comments += 1;
                continue;
            }
            let line = self.line;
            let bytes = self.rest.as_bytes();
            let window = &bytes[..bytes.len().min(self.max_line_bytes.saturating_add(1))];
            let (text, found) = match memchr3(b'\n', b'\r', b'"', window) {
                None if bytes.len() > self.max_line_bytes => {
                    return Err(self.too_long(line));
                }
                None => (std::mem::take(&mut self.rest), None),
                Some(at) if bytes[at] == b'"' => return self.quoted(line).map(Some),
                Some(at) => {
                    let text = &self.rest[..at];
                    self.rest = &self.rest[at..];
                    (text, Some(()))
                }
            };
            if found.is_some() {
                self.line_end();
            }
            if text.is_empty() {
                self.blank_lines += 1;
                continue;
            }
            return Ok(Some(Record {
                line,
                text,
                ends: None,
                delimiter: self.delimiter,
            }));
        }
    }

    /// Skips a line and its end.
    fn pass_line(&mut self) {
        let end = memchr2(b'\n', b'\r', self.rest.as_bytes());
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
        if end.is_some() {
            self.line_end();
        }
    }

    /// Skips a line end at the start of the rest.
    fn line_end(&mut self) {
        let bytes = self.rest.as_bytes();
        let length = if bytes.starts_with(b"\r\n") {
            self.crlf = true;
            2
        } else {
            1
        };
        self.rest = &self.rest[length..];
        self.line += 1;
    }

    fn too_long(&self, line: u64) -> ReadError {
        ReadError::LineTooLong {
            line,
            limit: self.max_line_bytes,
        }
    }

    fn quoted(&mut self, line: u64) -> Result<Record<'_>, ReadError> {
        self.core.reset();
        let bytes = self.rest.as_bytes();
        let limit = bytes.len().min(self.max_line_bytes.saturating_add(1));
        let (mut read, mut written, mut cells) = (0, 0, 0);
        loop {
            let input = &bytes[read..limit];
            let (result, nin, nout, nend) = self.core.read_record(
                input,
                &mut self.unquoted[written..],
                &mut self.ends[cells..],
            );
            read += nin;
            written += nout;
            cells += nend;
            match result {
                ReadRecordResult::InputEmpty => {
                    // The next call has no input left, which ends the last record of a file.
                    if limit < bytes.len() || read > self.max_line_bytes {
                        return Err(self.too_long(line));
                    }
                }
                ReadRecordResult::OutputFull => grow(&mut self.unquoted, 1024),
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends, 64),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        // `csv-core` stops after the first byte of a line end.
        let consumed = &bytes[..read];
        if consumed.ends_with(b"\r") && bytes[read..].starts_with(b"\n") {
            self.crlf = true;
            read += 1;
        }
        let lines = memchr_iter(b'\n', &bytes[..read]).count();
        self.line += lines.max(1) as u64;
        self.rest = &self.rest[read..];
        let text = std::str::from_utf8(&self.unquoted[..written])
            // Cells are cut at ASCII bytes of valid text, so this cannot happen.
            .map_err(|_| ReadError::NotUtf8 {
                offset: 0,
                line,
                byte: 0,
            })?;
        Ok(Record {
            line,
            text,
            ends: Some(&self.ends[..cells]),
            delimiter: self.delimiter,
        })
    }
}

fn grow<T: Clone + Default>(buffer: &mut Vec<T>, least: usize) {
    buffer.resize((buffer.len() * 2).max(least), T::default());
}

impl Record<'_> {
    /// Calls `f` with the place of each cell, from 0, and its text, until it fails.
    #[inline]
    pub(crate) fn each<E>(&self, mut f: impl FnMut(usize, &str) -> Result<(), E>) -> Result<(), E> {
        match self.ends {
            Some(ends) => {
                let mut start = 0;
                for (column, &end) in ends.iter().enumerate() {
                    f(column, &self.text[start..end])?;
                    start = end;
                }
            }
            None => {
                let (mut start, mut column) = (0, 0);
                for end in memchr_iter(self.delimiter, self.text.as_bytes()) {
                    f(column, &self.text[start..end])?;
                    start = end + 1;
                    column += 1;
                }
                f(column, &self.text[start..])?;
            }
        }
        Ok(())
    }

    /// The cells.
    pub(crate) fn to_vec(&self) -> Vec<String> {
        let mut cells = Vec::new();
        // The closure never fails.
        let _: Result<(), std::convert::Infallible> = self.each(|_, cell| {
            cells.push(cell.to_owned());
            Ok(())
        });
        cells
    }

    /// The number of cells.
    pub(crate) fn cells(&self) -> usize {
        match self.ends {
            Some(ends) => ends.len(),
            None => memchr_iter(self.delimiter, self.text.as_bytes()).count() + 1,
        }
    }

    /// Whether the first cell may be blank: a cheap check before [`Record::is_blank`].
    pub(crate) fn starts_blank(&self) -> bool {
        self.text
            .bytes()
            .next()
            .is_none_or(|b| b == self.delimiter || b.is_ascii_whitespace() || b > 127)
    }

    /// Whether no cell holds anything but blanks.
    pub(crate) fn is_blank(&self) -> bool {
        let delimiter = char::from(self.delimiter);
        self.text
            .chars()
            .all(|c| c == delimiter || c.is_whitespace())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str, limit: usize) -> Result<Vec<(u64, Vec<String>)>, ReadError> {
        let mut records = Records::new(&Lines::new(text), b',', limit);
        let mut all = Vec::new();
        while let Some(record) = records.next()? {
            let mut cells = Vec::new();
            record.each(|_, cell| {
                cells.push(cell.to_owned());
                Ok::<_, ReadError>(())
            })?;
            all.push((record.line, cells));
        }
        Ok(all)
    }

    fn cells(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_and_quotes() {
        let text = "a,b\r\n1,\"x,\"\"y\"\r\n\r\n\"two\nlines\",2\n,\n3,4";
        let expected = [
            (1, cells(&["a", "b"])),
            (2, cells(&["1", "x,\"y"])),
            (4, cells(&["two\nlines", "2"])),
            (6, cells(&["", ""])),
            (7, cells(&["3", "4"])),
        ];
        assert_eq!(read(text, 100).unwrap(), expected);
    }

    #[test]
    fn old_line_ends() {
        assert_eq!(read("a\rb\r\"c\"\r\"d\"", 100).unwrap().len(), 4);
    }

    #[test]
    fn long_lines_are_refused_before_they_are_held() {
        let long = "1,".repeat(1000);
        assert_eq!(
            read(&long, 100),
            Err(ReadError::LineTooLong {
                line: 1,
                limit: 100
            })
        );
        let unclosed = format!("a,b\n1,\"{long}\n{long}");
        assert_eq!(
            read(&unclosed, 100),
            Err(ReadError::LineTooLong {
                line: 2,
                limit: 100
            })
        );
        assert!(read("1,2\n3,4", 3).is_ok());
        assert!(read("\"1\",2\n3,4", 5).is_ok());
        assert!(read("1,2,\n3,4", 3).is_err());
    }

    #[test]
    fn cuts_as_csv_does() {
        for text in [
            "a,b\n1,2\n",
            "a,b\n\"1\",2",
            "a,\"b\"x\n\"\"\"\",1\n",
            "a\"b,c\n1,\"2",
            "\"\",\"\"\r\n1,2\r\n",
            ",,\n\"a\"\n",
            "é,\"ü\"\n",
            "\"a\rb\",c\r\rd,e",
        ] {
            let ours: Vec<Vec<String>> =
                read(text, 1000).unwrap().into_iter().map(|r| r.1).collect();
            let theirs: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            assert_eq!(ours, theirs, "{text:?}");
        }
    }
}
