//! A value and bytes in one buffer, for transports of buffers: the length of the JSON as four bytes in
//! little-endian order, the JSON, the bytes.

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
