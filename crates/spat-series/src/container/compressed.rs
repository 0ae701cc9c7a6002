//! Compressed files and archives.

use std::io::{Cursor, Read};

use super::{damaged, not_a_table};
use crate::error::ReadError;

/// The most bytes that a file may unpack to.
const MOST_BYTES: u64 = 4 << 30;

/// Bytes that any file may unpack to.
const FEW_BYTES: u64 = 64 << 20;

/// How many times its size a larger file may unpack to. Tables of numbers have less than 100 times.
const MOST_RATIO: u64 = 500;

/// The most bytes that `packed` bytes may unpack to. More is treated as a decompression bomb.
fn limit(packed: usize) -> u64 {
    (packed as u64)
        .saturating_mul(MOST_RATIO)
        .clamp(FEW_BYTES, MOST_BYTES)
}

fn read_all(what: &'static str, reader: impl Read, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let read = reader.take(limit + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| damaged(what, error.to_string()))?;
    if read as u64 > limit {
        return Err(damaged(
            what,
            format!("it unpacks to more than {} MiB", limit >> 20),
        ));
    }
    Ok(bytes)
}

pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let reader = flate2::read::MultiGzDecoder::new(bytes);
    read_all("gzip", reader, limit(bytes.len()))
}

pub(super) fn zstd(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(bytes);
    let decoder = decoder.map_err(|error| damaged("zstd", error.to_string()))?;
    read_all("zstd", decoder, limit(bytes.len()))
}

pub(super) fn xz(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    struct Bounded(Vec<u8>, u64);
    impl std::io::Write for Bounded {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if (self.0.len() + bytes.len()) as u64 > self.1 {
                return Err(std::io::Error::other("it unpacks to too many bytes"));
            }
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut unpacked = Bounded(Vec::new(), limit(bytes.len()));
    lzma_rs::xz_decompress(&mut &bytes[..], &mut unpacked)
        .map_err(|error| damaged("xz", format!("{error:?}")))?;
    Ok(unpacked.0)
}

/// The table in an archive: the file of that name, or the only one that may be a table.
pub(super) fn zip(bytes: &[u8], name: Option<&str>) -> Result<(Vec<u8>, String), ReadError> {
    let error = |error: zip::result::ZipError| damaged("zip", error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(error)?;
    let is_table = |name: &String| {
        const ENDINGS: [&str; 10] = [
            ".csv", ".tsv", ".txt", ".tab", ".dat", ".data", ".json", ".xlsx", ".ods", ".parquet",
        ];
        let name = name.to_lowercase();
        !name.contains("__macosx") && ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    let names: Vec<String> = archive
        .file_names()
        .filter_map(|name| name.ok().map(Into::into))
        .collect();
    let tables: Vec<String> = names
        .iter()
        .filter(|name| is_table(name))
        .cloned()
        .collect();
    let chosen = match (name, tables.as_slice()) {
        (Some(asked), _) => names.iter().find(|name| *name == asked).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, []) => {
            return Err(not_a_table(
                "an archive without a table",
                "unpack it and name the table",
            ));
        }
        (None, _) => None,
    };
    let Some(chosen) = chosen else {
        return Err(ReadError::WhichTable {
            asked: name.map(str::to_owned),
            available: crate::error::shorten_list(tables.iter().map(String::as_str)),
        });
    };
    let file = archive.by_name(&chosen).map_err(error)?;
    Ok((
        read_all("zip", file, limit(bytes.len()))?,
        format!("the archive's file {chosen:?}"),
    ))
}
