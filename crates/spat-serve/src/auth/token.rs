//! The token of a join link.

use std::fmt;

use rand::TryRng as _;
use rand::rngs::SysRng;
use subtle::ConstantTimeEq as _;

use crate::error::ServeError;

/// Crockford's base 32, without letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const LENGTH: usize = 16;

/// 80 random bits: short enough to be typed, and too many to be guessed at a few attempts per second.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; LENGTH]);

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        let mut bytes = [0; LENGTH];
        random_bytes(&mut bytes)?;
        Ok(Self(bytes.map(|byte| ALPHABET[usize::from(byte % 32)])))
    }

    /// Parses a token, in upper or lower case, with or without hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = [0; LENGTH];
        let mut places = letters.iter_mut();
        for typed in text.trim().bytes().filter(|byte| *byte != b'-') {
            let letter = match typed.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                letter => letter,
            };
            if !ALPHABET.contains(&letter) {
                return None;
            }
            *places.next()? = letter;
        }
        places.next().is_none().then_some(Self(letters))
    }

    /// Whether `text` contains this token in any form that [`parse`](Self::parse) accepts.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        let letters: Vec<u8> = text
            .bytes()
            .filter(|byte| *byte != b'-')
            .map(|byte| match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                letter => letter,
            })
            .collect();
        letters.windows(LENGTH).any(|window| window == self.0)
    }

    /// Whether `text` is this token, compared in constant time.
    pub(super) fn matches(&self, text: &str) -> bool {
        Self::parse(text).is_some_and(|token| bool::from(token.0.ct_eq(&self.0)))
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

/// Hides the token, because debug output ends up in logs.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Fills `bytes` with random numbers of the system.
pub(crate) fn random_bytes(bytes: &mut [u8]) -> Result<(), ServeError> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|error| ServeError::NoRandomness(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_parsed_as_people_type_them() {
        let token = Token::parse("01AB-CDEF-GHJK-MNPQ").unwrap();
        assert_eq!(token.to_string(), "01AB-CDEF-GHJK-MNPQ");
        assert!(token.matches(" olab-cdef-ghjk-mnpq\n"));
        assert!(token.matches("01ABCDEFGHJKMNPQ"));
        for wrong in [
            "",
            "01AB",
            "01AB-CDEF-GHJK-MNPR",
            "01AB-CDEF-GHJK-MNPQ-0",
            "ü",
        ] {
            assert!(!token.matches(wrong), "{wrong}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn tokens_differ() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(Token::parse(&one.to_string()), Some(one));
    }
}
