//! Limits on a table's channels and values, checked on its bytes before it is read.
//!
//! The reader's memory grows with the number of columns, and a table of several series below each other
//! is expanded to series × times. So both are counted first. Quoted delimiters count too; line breaks
//! in quotes end a line here, and [`ReadOptions::max_columns`] bounds what that hides.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use spat_series::{LongColumns, ReadOptions, Shape};

/// Largest table.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct TableLimits {
    pub(crate) channels: usize,
    /// Channels × rows.
    pub(crate) values: u64,
}

/// Delimiters that the reader detects.
const DELIMITERS: [u8; 5] = [b',', b';', b'\t', b'|', b' '];

/// First bytes of compressed files, archives, workbooks and Parquet, which can unpack to much more than
/// their size. The web app unpacks them before it sends the table.
const PACKED: [&[u8]; 6] = [
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    b"\xd0\xcf\x11\xe0",
    b"PAR1",
];

/// Upper bounds of a text table's size.
#[derive(Debug, PartialEq, Eq)]
struct Extent {
    lines: u64,
    /// Cells of the widest line.
    columns: u64,
    /// Cells of all lines.
    cells: u64,
}

/// Checks that the table is within the limits if it is read with these options.
///
/// # Errors
/// What exceeds which limit, and what to do.
pub(super) fn check(bytes: &[u8], read: &ReadOptions, limits: &TableLimits) -> Result<(), String> {
    if PACKED.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(
            "this server takes tables as text; load the file in the web app, which unpacks it, or save \
             it as CSV"
                .to_owned(),
        );
    }
    let extent = extent(bytes, read.delimiter);
    let is_json = bytes
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|byte| b"[{".contains(byte));
    let (channels, values) = match &read.shape {
        // JSON may be one line. Its cells are bounded by its bytes.
        Shape::Rows if is_json => (0, extent.cells),
        Shape::Rows => (extent.columns, extent.cells),
        Shape::Transposed => (extent.lines, extent.cells),
        Shape::MonthsAcross => (0, extent.cells),
        Shape::Long(long) => long_extent(bytes, long, extent.lines),
    };
    if channels > limits.channels as u64 {
        return Err(format!(
            "this server takes tables of up to {} columns, and this one has about {channels}; select \
             fewer, or compute in your own browser",
            limits.channels
        ));
    }
    if values > limits.values {
        return Err(format!(
            "this server takes tables of up to {} million values, and this one has about {}; cut the \
             table, or compute in your own browser",
            limits.values / 1_000_000,
            values / 1_000_000
        ));
    }
    Ok(())
}

/// Bounds of the table, by the delimiter if it is given, and by the most frequent one of each line
/// otherwise.
fn extent(bytes: &[u8], delimiter: Option<u8>) -> Extent {
    // Class 0: other bytes; the last class: line breaks.
    const BREAK: usize = DELIMITERS.len() + 1;
    let mut classes = [0_usize; 256];
    match delimiter {
        Some(delimiter) => classes[usize::from(delimiter)] = 1,
        None => {
            for (class, delimiter) in DELIMITERS.iter().enumerate() {
                classes[usize::from(*delimiter)] = class + 1;
            }
        }
    }
    classes[usize::from(b'\n')] = BREAK;
    classes[usize::from(b'\r')] = BREAK;
    let mut extent = Extent {
        lines: 0,
        columns: 0,
        cells: 0,
    };
    let mut counts = [0_u64; BREAK + 1];
    let mut end_line = |counts: &mut [u64; BREAK + 1]| {
        let cells = 1 + counts[1..BREAK].iter().max().copied().unwrap_or(0);
        // Other bytes or delimiters: no empty line.
        if counts[..BREAK].iter().any(|count| *count > 0) {
            extent.lines += 1;
            extent.columns = extent.columns.max(cells);
            extent.cells += cells;
        }
        *counts = [0; BREAK + 1];
    };
    for byte in bytes {
        let class = classes[usize::from(*byte)];
        counts[class] += 1;
        if class == BREAK {
            end_line(&mut counts);
        }
    }
    end_line(&mut counts);
    extent
}

/// Channels and values of a table of several series below each other. Without its columns in the first
/// line, every line counts as a series and a time of its own.
fn long_extent(bytes: &[u8], long: &LongColumns, lines: u64) -> (u64, u64) {
    let mut rows = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let head = rows.find(|line| !line.is_empty()).unwrap_or_default();
    let place = |delimiter: u8, name: &str| {
        head.split(|byte| *byte == delimiter)
            .position(|cell| plain(cell) == name.as_bytes())
    };
    let columns = DELIMITERS.iter().find_map(|delimiter| {
        let (id, time) = (place(*delimiter, &long.id)?, place(*delimiter, &long.time)?);
        Some((*delimiter, id, time))
    });
    let width = long.values.len().max(1) as u64;
    let Some((delimiter, id, time)) = columns else {
        return (0, lines.saturating_mul(lines).saturating_mul(width));
    };
    let (mut ids, mut times) = (HashSet::new(), HashSet::new());
    for row in rows {
        let mut cells = row.split(|byte| *byte == delimiter);
        for column in 0..=id.max(time) {
            let cell = plain(cells.next().unwrap_or_default());
            if column == id {
                ids.insert(cell);
            }
            if column == time {
                times.insert(cell);
            }
        }
    }
    let channels = ids.len() as u64 * width;
    (channels, channels.saturating_mul(times.len() as u64))
}

/// The cell without spaces and quotes around it.
fn plain(cell: &[u8]) -> &[u8] {
    let cell = cell.trim_ascii();
    let inside = cell
        .strip_prefix(b"\"")
        .and_then(|cell| cell.strip_suffix(b"\""));
    inside.unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rules;

    fn check_default(bytes: &[u8], read: &ReadOptions) -> Result<(), String> {
        check(bytes, read, &Rules::default().table_limits())
    }

    fn reason(bytes: &[u8], read: &ReadOptions) -> String {
        check_default(bytes, read).unwrap_err()
    }

    #[test]
    fn a_million_channels_are_refused_before_they_are_read() {
        let mut table = b"1,".repeat(1_000_000);
        table.push(b'\n');
        let begun = std::time::Instant::now();
        let words = reason(&table, &ReadOptions::default());
        assert!(
            words.contains("4096 columns") && words.contains("1000001"),
            "{words}"
        );
        assert!(begun.elapsed() < std::time::Duration::from_secs(2));
        // Any byte can be the delimiter, and rows can be channels.
        let read = ReadOptions {
            delimiter: Some(b'x'),
            ..ReadOptions::default()
        };
        let other: Vec<u8> = table
            .iter()
            .map(|byte| if *byte == b',' { b'x' } else { *byte })
            .collect();
        assert!(reason(&other, &read).contains("columns"));
        let read = ReadOptions {
            shape: Shape::Transposed,
            ..ReadOptions::default()
        };
        assert!(reason(&b"1,2\n".repeat(1_000_000), &read).contains("columns"));
    }

    #[test]
    fn series_times_rows_are_limited() {
        let read = ReadOptions {
            shape: Shape::Long("id,time,y".parse().unwrap()),
            ..ReadOptions::default()
        };
        let long = |series: usize, times: usize| {
            let mut text = "id,time,y\n".to_owned();
            for row in 0..series.max(times) {
                text += &format!("s{},{},1\n", row % series, row % times);
            }
            text
        };
        assert_eq!(check_default(long(100, 5_000).as_bytes(), &read), Ok(()));
        assert!(reason(long(4_000, 20_000).as_bytes(), &read).contains("million values"));
        assert!(reason(long(5_000, 5_000).as_bytes(), &read).contains("columns"));
        // The columns are not found, so every line may be a series of its own.
        let hidden = format!("a comment\n{}", long(10, 20_000));
        assert!(reason(hidden.as_bytes(), &read).contains("million values"));
        let rows = b"1,2,3,4,5,6,7,8,9,10\n".repeat(5_000_001);
        assert!(reason(&rows, &ReadOptions::default()).contains("million values"));
    }

    #[test]
    fn usual_tables_are_accepted_and_packed_ones_are_not() {
        let accepted = |bytes: &[u8]| check_default(bytes, &ReadOptions::default());
        assert_eq!(accepted(&spat_testing::table(400)), Ok(()));
        assert_eq!(accepted(b"time;a\r\n2020-01-01 00:00;1,5\r\n"), Ok(()));
        let json = format!("[{}]", vec!["[1,2]"; 10_000].join(","));
        assert_eq!(accepted(json.as_bytes()), Ok(()));
        assert!(accepted(b"PK\x03\x04rest").is_err());
        assert_eq!(
            extent(b"a,b;c\n\n1,2;3,4\n", None),
            Extent {
                lines: 2,
                columns: 3,
                cells: 5
            }
        );
    }
}
