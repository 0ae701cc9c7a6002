//! Containers of tables: compression, archives, workbooks, JSON, Parquet.
//!
//! Each container is converted to the text of a table, so the rest of the reader has a single input format.

#[cfg(feature = "parquet")]
mod columnar;
#[cfg(any(feature = "compression", feature = "sheets"))]
mod compressed;
mod grid;
mod json;
#[cfg(feature = "sheets")]
mod workbook;

pub(crate) use grid::Grid;

use std::borrow::Cow;

use crate::{error::ReadError, options::ReadOptions};

/// Containers within each other that are opened, such as a workbook in an archive.
const MOST_LAYERS: usize = 4;

/// A table as text, or in an encoding that [`encoding`](crate::encoding) detects.
#[derive(Debug)]
pub(crate) struct Unpacked<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    /// The container.
    pub(crate) from: Vec<String>,
}

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gzip,
    Zip,
    Zstd,
    Xz,
    OldWorkbook,
    Parquet,
    /// An unsupported kind: its name, and what to do.
    Other(&'static str, &'static str),
}

const KINDS: [(&[u8], Kind); 21] = [
    (b"\x1f\x8b", Kind::Gzip),
    (b"PK\x03\x04", Kind::Zip),
    (b"\x28\xb5\x2f\xfd", Kind::Zstd),
    (b"\xfd7zXZ\x00", Kind::Xz),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::OldWorkbook),
    (b"PAR1", Kind::Parquet),
    (
        b"ARROW1",
        Kind::Other("an Arrow or Feather file", "save it as Parquet or CSV"),
    ),
    (b"BZh", Kind::Other("bzip2 data", "unpack it first")),
    (
        b"7z\xbc\xaf",
        Kind::Other("a 7z archive", "unpack it first"),
    ),
    (b"Rar!", Kind::Other("a RAR archive", "unpack it first")),
    (
        b"%PDF",
        Kind::Other(
            "a PDF document",
            "copy its table into a spreadsheet and save that",
        ),
    ),
    (
        b"SQLite format 3",
        Kind::Other("an SQLite database", "export the table as CSV"),
    ),
    (
        b"\x89HDF",
        Kind::Other("an HDF5 file", "export the table as CSV"),
    ),
    (
        b"CDF\x01",
        Kind::Other("a NetCDF file", "export the table as CSV"),
    ),
    (
        b"CDF\x02",
        Kind::Other("a NetCDF file", "export the table as CSV"),
    ),
    (
        b"\x93NUMPY",
        Kind::Other("a NumPy array", "save it with numpy.savetxt"),
    ),
    (
        b"\x80\x04",
        Kind::Other("a Python pickle", "save the table with to_csv"),
    ),
    (
        b"\x80\x05",
        Kind::Other("a Python pickle", "save the table with to_csv"),
    ),
    (
        b"\x89PNG",
        Kind::Other("a picture", "export the numbers as CSV"),
    ),
    (
        b"\xff\xd8\xff",
        Kind::Other("a picture", "export the numbers as CSV"),
    ),
    (
        b"version https://git-lfs",
        Kind::Other("a Git LFS pointer", "fetch the file itself (git lfs pull)"),
    ),
];

/// Markup, which is not supported.
const MARKUP: [(&str, &str); 4] = [
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<table", "an HTML table"),
    ("<?xml", "an XML document"),
];

/// Whether the bytes begin like a container that some build opens.
pub(crate) fn is_container(bytes: &[u8]) -> bool {
    let kind = KINDS.iter().find(|(magic, _)| bytes.starts_with(magic));
    kind.is_some_and(|(_, kind)| !matches!(kind, Kind::Other(..)))
}

/// Opens the containers around a table.
///
/// # Errors
/// The bytes are not a table or are in a container that cannot be opened.
pub(crate) fn unpack<'a>(
    bytes: &'a [u8],
    options: &ReadOptions,
) -> Result<Unpacked<'a>, ReadError> {
    let mut unpacked = Unpacked {
        bytes: Cow::Borrowed(bytes),
        from: Vec::new(),
    };
    for _ in 0..MOST_LAYERS {
        let bytes = unpacked.bytes.as_ref();
        let kind = KINDS.iter().find(|(magic, _)| bytes.starts_with(magic));
        let Some((_, kind)) = kind else { break };
        let (next, name) = open(*kind, bytes, options)?;
        unpacked.bytes = Cow::Owned(next);
        unpacked.from.push(name);
    }
    let start = unpacked.bytes.trim_ascii_start();
    let front = &start[..start.len().min(64)];
    for (mark, what) in MARKUP {
        if front.len() >= mark.len() && front[..mark.len()].eq_ignore_ascii_case(mark.as_bytes()) {
            let way_out = "export the table as CSV, or copy it into a spreadsheet and save that";
            return Err(not_a_table(what, way_out));
        }
    }
    if front.starts_with(b"{") || front.starts_with(b"[") {
        match json::to_text(start) {
            Ok(Some(text)) => {
                unpacked.bytes = Cow::Owned(text.into_bytes());
                unpacked.from.push("JSON".to_owned());
            }
            Ok(None) => {
                let way_out = "save it as records, [{\"time\": …, \"value\": …}, …], or as CSV";
                return Err(not_a_table("JSON without a table", way_out));
            }
            // A name of a column may be in brackets.
            Err(_) if front.starts_with(b"[") => {}
            Err(error) => return Err(damaged("JSON", error.to_string())),
        }
    }
    Ok(unpacked)
}

fn open(kind: Kind, bytes: &[u8], options: &ReadOptions) -> Result<(Vec<u8>, String), ReadError> {
    // Not every build has every container.
    let _ = (bytes, options);
    match kind {
        #[cfg(feature = "compression")]
        Kind::Gzip => Ok((compressed::gzip(bytes)?, "gzip".to_owned())),
        #[cfg(feature = "compression")]
        Kind::Zstd => Ok((compressed::zstd(bytes)?, "zstd".to_owned())),
        #[cfg(feature = "compression")]
        Kind::Xz => Ok((compressed::xz(bytes)?, "xz".to_owned())),
        #[cfg(feature = "sheets")]
        Kind::Zip if workbook::is_workbook(bytes) => {
            workbook::largest_sheet(bytes, options.sheet.as_deref())
        }
        #[cfg(feature = "sheets")]
        Kind::OldWorkbook => workbook::largest_sheet(bytes, options.sheet.as_deref()),
        #[cfg(feature = "compression")]
        Kind::Zip => compressed::zip(bytes, options.sheet.as_deref()),
        #[cfg(feature = "parquet")]
        Kind::Parquet => Ok((columnar::parquet(bytes)?, "Parquet".to_owned())),
        Kind::Other(what, way_out) => Err(not_a_table(what, way_out)),
        #[allow(
            unreachable_patterns,
            reason = "with every feature, every kind is opened above"
        )]
        Kind::Gzip | Kind::Zstd | Kind::Xz => {
            Err(not_a_table("compressed data", "unpack it first"))
        }
        #[allow(unreachable_patterns, reason = "as above")]
        Kind::Zip => Err(not_a_table(
            "an archive or a workbook",
            "unpack it, or export it as CSV",
        )),
        #[allow(unreachable_patterns, reason = "as above")]
        Kind::OldWorkbook => Err(not_a_table("a workbook", "export the sheet as CSV")),
        #[allow(unreachable_patterns, reason = "as above")]
        Kind::Parquet => Err(not_a_table("a Parquet file", "export the table as CSV")),
    }
}

fn not_a_table(what: &'static str, way_out: &'static str) -> ReadError {
    ReadError::NotATable { what, way_out }
}

fn damaged(what: &'static str, reason: String) -> ReadError {
    ReadError::Damaged { what, reason }
}
