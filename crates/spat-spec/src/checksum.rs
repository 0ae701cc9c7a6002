//! SHA-256 of a safetensors file's JSON header entry and arrays, stored as the last field of that entry.
//!
//! One entry holds both, because safetensors writes several entries in an arbitrary order, and equal runs
//! write equal bytes. The checksum detects damage. It is no signature: everyone can compute it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::checkpoint::{Array, CheckpointError, arrays_from_bytes, arrays_to_bytes, header_entry};

/// The text of the field in front of its 64 hexadecimal digits.
const FIELD: &str = "\"sha256\":\"";
/// The text after them: the end of the field and of the object.
const END: &str = "\"}";
const DIGITS: usize = 64;

/// What [`checked_from_bytes`] reads.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedArrays {
    /// The JSON object of the header entry; `None` if the file has no such entry.
    pub json: Option<String>,
    /// The arrays by name.
    pub arrays: BTreeMap<String, Array>,
    /// Whether the file has a checksum, which is then correct.
    pub has_checksum: bool,
}

/// Writes named arrays as a safetensors file with the JSON object `json` as its header entry `key`, to
/// which a checksum of both is added.
///
/// # Errors
/// The number of an array's values does not match its shape.
pub fn checked_to_bytes(
    key: &str,
    json: &str,
    arrays: &BTreeMap<String, Array>,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let entry = add_checksum(json, arrays);
    arrays_to_bytes(arrays, Some([(key.to_owned(), entry)].into()))
}

/// Reads what [`checked_to_bytes`] wrote and compares its checksum. A file without one is accepted: older
/// versions wrote none.
///
/// # Errors
/// The file is not a safetensors file of f32, or its content does not match its checksum.
pub fn checked_from_bytes(key: &str, bytes: &[u8]) -> Result<CheckedArrays, CheckpointError> {
    let entry = header_entry(bytes, key)?;
    let arrays = arrays_from_bytes(bytes)?;
    let Some(entry) = entry else {
        return Ok(CheckedArrays {
            json: None,
            arrays,
            has_checksum: false,
        });
    };
    let (json, has_checksum) = remove_checksum(&entry, &arrays)?;
    Ok(CheckedArrays {
        json: Some(json),
        arrays,
        has_checksum,
    })
}

/// A JSON object with a checksum of itself and of `arrays` as its last field.
pub fn add_checksum(json: &str, arrays: &BTreeMap<String, Array>) -> String {
    let digest = digest(json, arrays);
    let open = json.strip_suffix('}').unwrap_or(json);
    let comma = if open.trim_end().ends_with('{') {
        ""
    } else {
        ","
    };
    format!("{open}{comma}{FIELD}{digest}{END}")
}

/// The JSON object that [`add_checksum`] was given, and whether `json` has a checksum.
///
/// # Errors
/// The checksum is not that of the object and `arrays`.
pub fn remove_checksum(
    json: &str,
    arrays: &BTreeMap<String, Array>,
) -> Result<(String, bool), CheckpointError> {
    let Some((object, found)) = split_checksum(json) else {
        return Ok((json.to_owned(), false));
    };
    if found != digest(&object, arrays) {
        return Err(CheckpointError::Checksum);
    }
    Ok((object, true))
}

/// The object without its checksum, and the checksum; `None` if it has none.
pub(crate) fn split_checksum(json: &str) -> Option<(String, &str)> {
    let start = json.len().checked_sub(FIELD.len() + DIGITS + END.len())?;
    let (open, field) = json.split_at_checked(start)?;
    let found = field.strip_prefix(FIELD)?.strip_suffix(END)?;
    let object = format!("{}}}", open.strip_suffix(',').unwrap_or(open));
    Some((object, found))
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 in hexadecimal digits over the object's text and each array's name, shape and values. Lengths are
/// part of it, so that no two contents give the same bytes.
fn digest(json: &str, arrays: &BTreeMap<String, Array>) -> String {
    let mut digest = Sha256::new();
    let text = |digest: &mut Sha256, text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    text(&mut digest, json);
    let mut buffer = Vec::new();
    for (name, array) in arrays {
        text(&mut digest, name);
        digest.update((array.shape.len() as u64).to_le_bytes());
        for &size in &array.shape {
            digest.update((size as u64).to_le_bytes());
        }
        for values in array.values.chunks(1 << 14) {
            buffer.clear();
            buffer.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            digest.update(&buffer);
        }
    }
    hexadecimal(&digest.finalize())
}
