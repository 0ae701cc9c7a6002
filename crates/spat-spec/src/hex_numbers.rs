//! Numbers as one text of hexadecimal digits, eight for each: for lists that are too long for a line per number.
//! Used with `#[serde(with = "spat_spec::hex_numbers")]`.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Digits of a number.
const DIGITS: usize = 8;

/// Writes the bits of each number, also of NaN and infinities.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(DIGITS * values.len());
    for value in values {
        text += &format!("{:08x}", value.to_bits());
    }
    serializer.serialize_str(&text)
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// It is not a text of groups of eight hexadecimal digits.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let number = |digits: &[u8]| {
        let digits = str::from_utf8(digits).ok()?;
        let bits = u32::from_str_radix(digits, 16).ok()?;
        (digits.len() == DIGITS).then(|| f32::from_bits(bits))
    };
    let each = text.as_bytes().chunks(DIGITS).map(number);
    each.collect::<Option<_>>().ok_or_else(|| {
        D::Error::custom("the numbers are not in groups of eight hexadecimal digits")
    })
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct List(#[serde(with = "super")] Vec<f32>);

    #[test]
    fn numbers_are_read_as_they_were_written() {
        let text = serde_json::to_string(&List(vec![1.0, -0.1, f32::NAN])).unwrap();
        assert_eq!(text, "\"3f800000bdcccccd7fc00000\"");
        let read: List = serde_json::from_str(&text).unwrap();
        assert_eq!(read.0[..2], [1.0, -0.1]);
        assert!(read.0[2].is_nan());
        for damaged in ["\"3f80000\"", "\"3f80000g\"", "\"3f8000é\""] {
            assert!(serde_json::from_str::<List>(damaged).is_err(), "{damaged}");
        }
    }
}
