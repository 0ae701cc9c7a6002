//! Names of visitors, and their signatures.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::hmac::hmac;
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

/// Signs visitor names.
#[derive(Clone)]
pub(super) struct Signer(pub(super) [u8; 32]);

impl Signer {
    /// The signed name of a visitor.
    pub(super) fn sign(&self, visitor: VisitorId) -> String {
        let tag = hmac(&self.0, &visitor.0);
        let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{visitor}{tag}")
    }

    /// The visitor, if the signature is valid.
    pub(super) fn verify(&self, signed: &str) -> Option<VisitorId> {
        let bytes = hexadecimal(signed)?;
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
    fn only_valid_signatures_are_accepted() {
        let visitor = VisitorId::random().unwrap();
        let signer = Signer([7; 32]);
        let signed = signer.sign(visitor);
        assert_eq!(signer.verify(&signed), Some(visitor));
        assert_eq!(Signer([8; 32]).verify(&signed), None);
        let mut forged = signed.clone().into_bytes();
        forged[0] = if forged[0] == b'0' { b'1' } else { b'0' };
        assert_eq!(signer.verify(std::str::from_utf8(&forged).unwrap()), None);
        for broken in [
            "",
            "0",
            "zz",
            &signed[..signed.len() - 2],
            &format!("{signed}00"),
            "é",
        ] {
            assert_eq!(signer.verify(broken), None, "{broken}");
        }
    }
}
