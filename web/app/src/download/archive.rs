//! A zip archive without compression (PKWARE APPNOTE 6.3, "stored"). The files of a run are mostly
//! weights, which compression does not shrink.

/// 1980-01-01, the first date of the format, for all files: the same files give the same bytes.
const DAY: u16 = 0x21;

/// Version of the format that a reader needs, times ten.
const VERSION: u16 = 20;

/// Names are UTF-8.
const UTF8: u16 = 1 << 11;

/// An archive of named files, in their order; `None` above the limits of the format without extensions
/// (4 GB or 65,535 files).
pub(crate) fn archive(files: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let start = u32::try_from(out.len()).ok()?;
        let common = common(name, bytes)?;
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);

        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&VERSION.to_le_bytes());
        directory.extend_from_slice(&common);
        // No comment, first disk, and no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&start.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let start = u32::try_from(out.len()).ok()?;
    let size = u32::try_from(directory.len()).ok()?;
    let count = u16::try_from(files.len()).ok()?;
    out.append(&mut directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    Some(out)
}

/// The header fields of a file that are both before its bytes and in the directory.
fn common(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let size = u32::try_from(bytes.len()).ok()?;
    let name = u16::try_from(name.len()).ok()?;
    let mut out = Vec::with_capacity(26);
    for short in [VERSION, UTF8, 0, 0, DAY] {
        out.extend_from_slice(&short.to_le_bytes());
    }
    for long in [checksum(bytes), size, size] {
        out.extend_from_slice(&long.to_le_bytes());
    }
    for short in [name, 0] {
        out.extend_from_slice(&short.to_le_bytes());
    }
    Some(out)
}

/// CRC-32 (ISO 3309), a nibble at a time.
fn checksum(bytes: &[u8]) -> u32 {
    let table: [u32; 16] = std::array::from_fn(|nibble| {
        (0..4).fold(nibble as u32, |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let step = |crc: u32, nibble: u32| (crc >> 4) ^ table[((crc ^ nibble) & 15) as usize];
    !bytes.iter().fold(!0, |crc, &byte| {
        step(step(crc, u32::from(byte)), u32::from(byte >> 4))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read as _};

    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    /// Reads the archive with the `zip` crate.
    #[test]
    fn other_programs_read_the_archive() {
        let files = [
            ("report.json".to_owned(), b"{}".to_vec()),
            ("empty".to_owned(), Vec::new()),
            ("größe.safetensors".to_owned(), vec![7; 70_000]),
        ];
        let bytes = archive(&files).unwrap();
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(read.len(), files.len());
        for (name, content) in &files {
            let mut back = Vec::new();
            read.by_name(name).unwrap().read_to_end(&mut back).unwrap();
            assert_eq!(&back, content, "{name}");
        }
    }
}
