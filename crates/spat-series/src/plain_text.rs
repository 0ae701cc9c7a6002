//! The text of a file: without containers, in UTF-8.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{container, encoding, error::ReadError, options::ReadOptions};

/// A table as text, and what it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainText<'a> {
    /// The table.
    #[serde(skip)]
    pub text: Cow<'a, str>,
    /// What the table was taken out of, such as a sheet of a workbook.
    pub container: Option<String>,
    /// The encoding, where it was not UTF-8.
    pub encoding: Option<String>,
    /// Whether the text began with a byte order mark.
    pub byte_order_mark: bool,
}

/// Opens the containers around a table and decodes its text.
///
/// # Errors
/// The bytes are no table, are in a container that this build does not open, or are in an encoding that
/// is not certain.
pub fn plain_text<'a>(bytes: &'a [u8], options: &ReadOptions) -> Result<PlainText<'a>, ReadError> {
    let unpacked = container::unpack(bytes, options)?;
    let container = (!unpacked.from.is_empty()).then(|| unpacked.from.join(", "));
    let (text, byte_order_mark, encoding) = match unpacked.bytes {
        Cow::Borrowed(bytes) => {
            let decoded = encoding::decode(bytes)?;
            (decoded.text, decoded.byte_order_mark, decoded.encoding)
        }
        Cow::Owned(bytes) => {
            let decoded = encoding::decode(&bytes)?;
            let text = Cow::Owned(decoded.text.into_owned());
            (text, decoded.byte_order_mark, decoded.encoding)
        }
    };
    Ok(PlainText {
        text,
        container,
        encoding: encoding.map(str::to_owned),
        byte_order_mark,
    })
}

/// Whether the bytes are UTF-8 outside any container, so that every build reads them.
pub fn is_plain_text(bytes: &[u8]) -> bool {
    !container::is_container(bytes) && std::str::from_utf8(bytes).is_ok()
}
