//! A value and bytes in one buffer, for transports of buffers: the length of the JSON as four bytes in
//! little-endian order, the JSON, the bytes. On a stream, each frame follows its own length as eight bytes in
//! little-endian order.

use std::io::{self, ErrorKind, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A buffer that is not a frame, or a value that cannot be serialized.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The buffer ends before its JSON does.
    #[error("a message of {0} bytes ends too early")]
    Short(usize),
    /// The JSON is not the expected value, for instance because the programs have different versions.
    #[error("an unknown message: {0}")]
    Json(#[from] serde_json::Error),
    /// The frame on the stream is longer than the reader accepts.
    #[error("a message of {length} bytes is longer than {limit} bytes")]
    TooLong {
        /// Length of the frame.
        length: u64,
        /// Longest frame that the reader accepts.
        limit: u64,
    },
    /// The stream failed, or ended within a frame.
    #[error("a message cannot be transferred: {0}")]
    Stream(#[from] io::Error),
}

/// The frame of `value` and `bytes`.
///
/// # Errors
/// The value cannot be serialized.
pub fn frame(value: &impl Serialize, bytes: &[u8]) -> Result<Vec<u8>, FrameError> {
    let json = serde_json::to_vec(value)?;
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
    Ok([&length.to_le_bytes(), &*json, bytes].concat())
}

/// The value in a frame, and the bytes after it.
///
/// # Errors
/// The buffer is not a frame of such a value.
pub fn unframe<T: DeserializeOwned>(frame: &[u8]) -> Result<(T, &[u8]), FrameError> {
    let short = || FrameError::Short(frame.len());
    let (length, rest) = frame.split_first_chunk::<4>().ok_or_else(short)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (json, bytes) = rest.split_at_checked(length).ok_or_else(short)?;
    Ok((serde_json::from_slice(json)?, bytes))
}

/// Writes a frame to a stream, and flushes it.
///
/// # Errors
/// The value cannot be serialized, or the stream fails.
pub fn write_frame(
    stream: &mut impl Write,
    value: &impl Serialize,
    bytes: &[u8],
) -> Result<(), FrameError> {
    let frame = frame(value, bytes)?;
    stream.write_all(&(frame.len() as u64).to_le_bytes())?;
    stream.write_all(&frame)?;
    Ok(stream.flush()?)
}

/// Reads a frame of at most `limit` bytes from a stream. `None`: the stream has ended.
///
/// # Errors
/// The stream fails or ends within the frame, or the frame is longer or has no such value.
pub fn read_frame<T: DeserializeOwned>(
    stream: &mut impl Read,
    limit: u64,
) -> Result<Option<(T, Vec<u8>)>, FrameError> {
    let mut prefix = Vec::new();
    stream.by_ref().take(8).read_to_end(&mut prefix)?;
    if prefix.is_empty() {
        return Ok(None);
    }
    let prefix = <[u8; 8]>::try_from(prefix);
    let prefix = prefix.map_err(|_| io::Error::from(ErrorKind::UnexpectedEof))?;
    let length = u64::from_le_bytes(prefix);
    if length > limit {
        return Err(FrameError::TooLong { length, limit });
    }
    // Memory is taken as bytes arrive, not for the length that the stream states.
    let mut buffer = Vec::new();
    if stream.by_ref().take(length).read_to_end(&mut buffer)? as u64 != length {
        return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
    }
    let (value, bytes) = unframe(&buffer)?;
    Ok(Some((value, bytes.to_vec())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_each_other_on_a_stream() {
        let mut stream = Vec::new();
        write_frame(&mut stream, &"first", b"table").unwrap();
        write_frame(&mut stream, &"second", b"").unwrap();
        let mut rest = &*stream;
        let mut next = || read_frame::<String>(&mut rest, 1000).unwrap();
        assert_eq!(next(), Some(("first".to_owned(), b"table".to_vec())));
        assert_eq!(next(), Some(("second".to_owned(), Vec::new())));
        assert_eq!(next(), None);
    }

    #[test]
    fn incomplete_and_long_frames_of_a_stream_are_rejected() {
        let mut stream = Vec::new();
        write_frame(&mut stream, &"whole", b"").unwrap();
        for cut in 1..stream.len() {
            assert!(matches!(
                read_frame::<String>(&mut &stream[..cut], 1000),
                Err(FrameError::Stream(error)) if error.kind() == ErrorKind::UnexpectedEof
            ));
        }
        let endless = u64::MAX.to_le_bytes();
        assert!(matches!(
            read_frame::<String>(&mut &endless[..], 1000),
            Err(FrameError::TooLong {
                length: u64::MAX,
                limit: 1000
            })
        ));
    }

    #[test]
    fn a_frame_is_read_back() {
        let made = frame(&("open", 7), b"a,b\n1,2\n").unwrap();
        let (value, bytes) = unframe::<(String, u32)>(&made).unwrap();
        assert_eq!((value, bytes), (("open".to_owned(), 7), &b"a,b\n1,2\n"[..]));
    }

    #[test]
    fn invalid_frames_are_rejected() {
        let made = frame(&"whole", b"").unwrap();
        for cut in 0..made.len() {
            assert!(matches!(
                unframe::<String>(&made[..cut]),
                Err(FrameError::Short(found)) if found == cut
            ));
        }
        let other = frame(&7, b"").unwrap();
        assert!(matches!(
            unframe::<String>(&other),
            Err(FrameError::Json(_))
        ));
    }
}
