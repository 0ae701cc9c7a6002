//! What a join link carries.

use std::fmt;

use rand::TryRng as _;
use rand::rngs::SysRng;
use subtle::ConstantTimeEq as _;

use crate::error::ServeError;

/// Crockford's base 32: digits and letters that are not mistaken for one another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const LENGTH: usize = 16;

/// 80 random bits, short enough to be typed from a blackboard. Far too many to be guessed through a
/// gate that takes a few attempts a second.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; LENGTH]);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        let mut bytes = [0; LENGTH];
        random_bytes(&mut bytes)?;
        Ok(Self(bytes.map(|byte| LETTERS[usize::from(byte % 32)])))
    }

    /// The token that a person typed or a link carried, if it can be one.
    pub fn read(text: &str) -> Option<Self> {
        let mut letters = [0; LENGTH];
        let mut places = letters.iter_mut();
        for typed in text.trim().bytes().filter(|byte| *byte != b'-') {
            let letter = match typed.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                letter => letter,
            };
            if !LETTERS.contains(&letter) {
                return None;
            }
            *places.next()? = letter;
        }
        places.next().is_none().then_some(Self(letters))
    }

    /// Whether `text` is this token. Takes as long for a near miss as for a far one.
    pub(super) fn admits(&self, text: &str) -> bool {
        Self::read(text).is_some_and(|given| bool::from(given.0.ct_eq(&self.0)))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// Says nothing: what is printed for a programmer ends in logs.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Fills `bytes` from the system's source.
pub(crate) fn random_bytes(bytes: &mut [u8]) -> Result<(), ServeError> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|error| ServeError::NoRandomness(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_people_type_it() {
        let token = Token::read("01AB-CDEF-GHJK-MNPQ").unwrap();
        assert_eq!(token.to_string(), "01AB-CDEF-GHJK-MNPQ");
        assert!(token.admits(" olab-cdef-ghjk-mnpq\n"));
        assert!(token.admits("01ABCDEFGHJKMNPQ"));
        for wrong in [
            "",
            "01AB",
            "01AB-CDEF-GHJK-MNPR",
            "01AB-CDEF-GHJK-MNPQ-0",
            "ü",
        ] {
            assert!(!token.admits(wrong), "{wrong}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn tokens_differ() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(Token::read(&one.to_string()), Some(one));
    }
}
