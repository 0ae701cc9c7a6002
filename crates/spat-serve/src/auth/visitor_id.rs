//! Names of visitors.

use std::fmt;

use super::token::random_bytes;
use crate::error::ServeError;

/// A visitor's random name. It names the visitor's folder; only the signed cookie gives access.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitorId([u8; 16]);

impl VisitorId {
    /// A new name.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        let mut bytes = [0; 16];
        random_bytes(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Parses the hexadecimal form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitorId({self})")
    }
}
