//! Decoding of the text of a file.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::error::ReadError;

/// A file as text.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) byte_order_mark: bool,
    /// The encoding, where it is not UTF-8.
    pub(crate) encoding: Option<&'static str>,
}

/// The text of `bytes`: UTF-8, UTF-16, or another encoding if the bytes are unambiguous.
///
/// # Errors
/// The bytes are not text in any unambiguous encoding.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    if let Some((little, start)) = utf16(bytes) {
        return from_utf16(&bytes[start..], little, start > 0);
    }
    let line_at = |offset: usize| 1 + memchr_iter(b'\n', &bytes[..offset]).count() as u64;
    if let Some(offset) = memchr(0, bytes) {
        return Err(ReadError::Nul {
            offset,
            line: line_at(offset),
        });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let without_mark = text.strip_prefix('\u{FEFF}');
            Ok(Decoded {
                text: Cow::Borrowed(without_mark.unwrap_or(text)),
                byte_order_mark: without_mark.is_some(),
                encoding: None,
            })
        }
        Err(error) => {
            let offset = error.valid_up_to();
            other(bytes).ok_or_else(|| ReadError::NotUtf8 {
                offset,
                line: line_at(offset),
                byte: bytes.get(offset).copied().unwrap_or(0),
            })
        }
    }
}

/// Whether the bytes are UTF-16 – little-endian or not – and where the text starts: after a byte order
/// mark, or at the first byte if every other byte of the beginning is 0.
fn utf16(bytes: &[u8]) -> Option<(bool, usize)> {
    match bytes {
        // UTF-32 begins like UTF-16.
        [0xFF, 0xFE, 0, 0, ..] => return None,
        [0xFF, 0xFE, ..] => return Some((true, 2)),
        [0xFE, 0xFF, ..] => return Some((false, 2)),
        _ => {}
    }
    let front = &bytes[..bytes.len().min(64) & !1];
    let zeros = |odd: usize| front.iter().skip(odd).step_by(2).all(|byte| *byte == 0);
    let none = |odd: usize| front.iter().skip(odd).step_by(2).all(|byte| *byte != 0);
    match front.len() >= 4 {
        true if zeros(1) && none(0) => Some((true, 0)),
        true if zeros(0) && none(1) => Some((false, 0)),
        _ => None,
    }
}

fn from_utf16(
    bytes: &[u8],
    little: bool,
    byte_order_mark: bool,
) -> Result<Decoded<'static>, ReadError> {
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        }
    };
    let units = bytes.chunks_exact(2).map(unit);
    let text: String = char::decode_utf16(units)
        .collect::<Result<_, _>>()
        .map_err(|_| ReadError::Damaged {
            what: "UTF-16 text",
            reason: "a character is cut in two".to_owned(),
        })?;
    Ok(Decoded {
        text: Cow::Owned(text),
        byte_order_mark,
        encoding: Some(if little {
            "UTF-16 (little-endian)"
        } else {
            "UTF-16 (big-endian)"
        }),
    })
}

/// Text in an older encoding. Single-byte encodings are read as Windows-1252, a superset of Latin-1,
/// unless another is more likely; multi-byte encodings if all bytes fit.
#[cfg(feature = "encodings")]
fn other(bytes: &[u8]) -> Option<Decoded<'static>> {
    use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    for encoding in [guess, encoding_rs::WINDOWS_1252] {
        let (text, lost) = encoding.decode_without_bom_handling(bytes);
        if !lost {
            return Some(Decoded {
                text: Cow::Owned(text.into_owned()),
                byte_order_mark: false,
                encoding: Some(encoding.name()),
            });
        }
    }
    None
}

#[cfg(not(feature = "encodings"))]
fn other(_: &[u8]) -> Option<Decoded<'static>> {
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn utf16_with_and_without_a_mark() {
        let text = "Datum;Größe\n1;2\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: [u8; 2], bytes: &[u8]| [&mark[..], bytes].concat();
        for bytes in [marked([0xFF, 0xFE], &little), marked([0xFE, 0xFF], &big)] {
            let decoded = decode(&bytes).unwrap();
            assert_eq!((&*decoded.text, decoded.byte_order_mark), (text, true));
        }
        let plain: Vec<u8> = "date,y\n1,2\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(&plain).unwrap().text, "date,y\n1,2\n");
        assert!(decode(b"a\0b\n").is_err());
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn older_encodings() {
        let decoded = decode(b"Gr\xF6\xDFe;Stra\xDFe\n1;2\n").unwrap();
        assert_eq!(
            (&*decoded.text, decoded.encoding),
            ("Größe;Straße\n1;2\n", Some("windows-1252"))
        );
        let (japanese, ..) =
            encoding_rs::SHIFT_JIS.encode("日付,気温,降水量,湿度\n2023-01-01,5,0,60\n");
        let decoded = decode(&japanese).unwrap();
        assert!(decoded.text.starts_with("日付,気温"), "{decoded:?}");
    }
}
