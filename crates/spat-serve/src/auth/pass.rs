//! Passes: what the session cookie states, beside its signature.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::token::Token;
use super::visitor_id::VisitorId;

/// How long a pass gives access after its visitor's last visit.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Age from which a visit renews a pass.
const RENEWAL: Duration = Duration::from_secs(3600);

/// Clocks may be set back a little.
const TOLERANCE: Duration = Duration::from_secs(300);

/// Identifies the token and key that passes were issued for; others are invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation([u8; 8]);

impl Generation {
    pub(super) fn of(token: &Token, key: &[u8; 32]) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"spat pass");
        digest.update(key);
        digest.update(token.to_string());
        let digest: [u8; 32] = digest.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self(first)
    }
}

/// A visitor, the time of the last visit, and the generation that gives access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) visitor: VisitorId,
    /// Seconds since 1970.
    issued: u64,
    generation: Option<Generation>,
}

impl Pass {
    pub(super) fn new(visitor: VisitorId, generation: Generation, now: u64) -> Self {
        Self {
            visitor,
            issued: now,
            generation: Some(generation),
        }
    }

    /// Parses the text of a cookie whose signature is valid. A visitor id alone, the form of earlier
    /// versions, is a pass without access.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let visitor = VisitorId::parse(parts.next()?)?;
        let (Some(issued), Some(generation), None) = (parts.next(), parts.next(), parts.next())
        else {
            return Some(Self {
                visitor,
                issued: 0,
                generation: None,
            });
        };
        let mut bytes = [0; 8];
        hex::decode_to_slice(generation, &mut bytes).ok()?;
        Some(Self {
            visitor,
            issued: issued.parse().ok()?,
            generation: Some(Generation(bytes)),
        })
    }

    pub(super) fn text(&self) -> String {
        let generation = self
            .generation
            .map_or_else(String::new, |it| hex::encode(it.0));
        format!("{}.{}.{generation}", self.visitor, self.issued)
    }

    /// Whether it gives access now.
    pub(super) fn is_valid(&self, generation: Generation, now: u64) -> bool {
        self.generation == Some(generation)
            && self.issued <= now.saturating_add(TOLERANCE.as_secs())
            && now.saturating_sub(self.issued) < LIFETIME.as_secs()
    }

    /// The pass of a visit now: the same one if it is recent.
    pub(super) fn renewed(self, now: u64) -> Self {
        let issued = if now.saturating_sub(self.issued) < RENEWAL.as_secs() {
            self.issued
        } else {
            now
        };
        Self { issued, ..self }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_expire_and_belong_to_one_token() {
        let (token, other) = (Token::random().unwrap(), Token::random().unwrap());
        let generation = Generation::of(&token, &[1; 32]);
        let visitor = VisitorId::random().unwrap();
        let day = 24 * 3600;
        let pass = Pass::new(visitor, generation, 100 * day);
        assert_eq!(Pass::parse(&pass.text()), Some(pass));
        assert!(pass.is_valid(generation, 100 * day));
        assert!(pass.is_valid(generation, 130 * day - 1));
        assert!(!pass.is_valid(generation, 130 * day), "expired");
        assert!(!pass.is_valid(generation, 99 * day), "from the future");
        assert!(!pass.is_valid(Generation::of(&other, &[1; 32]), 100 * day));
        assert!(!pass.is_valid(Generation::of(&token, &[2; 32]), 100 * day));
        assert_eq!(pass.renewed(100 * day + 60), pass);
        assert!(pass.renewed(120 * day).is_valid(generation, 140 * day));
        let old_form = Pass::parse(&visitor.to_string()).unwrap();
        assert_eq!(old_form.visitor, visitor);
        assert!(!old_form.is_valid(generation, 0));
        for wrong in [
            "",
            "x",
            "00.1.2",
            &format!("{visitor}.x.{}", "0".repeat(16)),
        ] {
            assert_eq!(Pass::parse(wrong), None, "{wrong}");
        }
    }
}
