//! Who a visitor is: a name that this server gave, signed, kept in the visitor's browser.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::hmac::hmac;
use super::token::random_bytes;
use crate::error::ServeError;

/// A visitor's random name. It names a folder and opens nothing: only the signed pass does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitorId([u8; 16]);

impl VisitorId {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        let mut bytes = [0; 16];
        random_bytes(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitorId({self})")
    }
}

/// Signs passes and knows its own signature.
#[derive(Clone)]
pub(super) struct Signer(pub(super) [u8; 32]);

impl Signer {
    /// The pass of a visitor, for a cookie.
    pub(super) fn pass(&self, visitor: VisitorId) -> String {
        let tag = hmac(&self.0, &visitor.0);
        let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{visitor}{tag}")
    }

    /// Whose pass it is, if this server gave it.
    pub(super) fn visitor(&self, pass: &str) -> Option<VisitorId> {
        let bytes = hexadecimal(pass)?;
        let (name, tag) = bytes.split_first_chunk::<16>()?;
        let expected = hmac(&self.0, name);
        bool::from(expected.as_slice().ct_eq(tag)).then_some(VisitorId(*name))
    }
}

pub(super) fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ones_own_passes_are_taken() {
        let visitor = VisitorId::random().unwrap();
        let signer = Signer([7; 32]);
        let pass = signer.pass(visitor);
        assert_eq!(signer.visitor(&pass), Some(visitor));
        assert_eq!(Signer([8; 32]).visitor(&pass), None);
        let mut forged = pass.clone().into_bytes();
        forged[0] = if forged[0] == b'0' { b'1' } else { b'0' };
        assert_eq!(signer.visitor(std::str::from_utf8(&forged).unwrap()), None);
        for broken in [
            "",
            "0",
            "zz",
            &pass[..pass.len() - 2],
            &format!("{pass}00"),
            "é",
        ] {
            assert_eq!(signer.visitor(broken), None, "{broken}");
        }
    }
}
