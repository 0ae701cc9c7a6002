//! JSON written the small way: with the digits that the page's own texts are written with, where
//! serde_json brings tables for speed.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// A value as JSON; numbers with as few digits as tell them from their neighbours.
///
/// # Errors
/// The value has no JSON, such as a map whose keys are no text.
pub fn write(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut json = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut json, Plain))?;
    // What a serializer writes is text.
    Ok(String::from_utf8(json).unwrap_or_default())
}

struct Plain;

impl Formatter for Plain {
    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        write!(writer, "{value:?}")
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write!(writer, "{value:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_json_reads_every_number_back() {
        let wide = [
            0.0,
            -0.0,
            1.0,
            0.1,
            -2.5e-3,
            1e-7,
            1e16,
            5e-324,
            f64::MAX,
            123_456_789.125,
        ];
        let narrow = [0.1_f32, 1e-45, f32::MAX, -3.0];
        let text = write(&(&wide, &narrow, f64::NAN, "a \"b\"\n", Some(7), ())).unwrap();
        let end = text.find(",null").unwrap();
        let read: ([f64; 10], [f32; 4]) =
            serde_json::from_str(&format!("{}]", &text[..end])).unwrap();
        assert_eq!(read.0.map(f64::to_bits), wide.map(f64::to_bits));
        assert_eq!(read.1.map(f32::to_bits), narrow.map(f32::to_bits));
        assert_eq!(&text[end..], ",null,\"a \\\"b\\\"\\n\",7,null]");
    }
}
