//! HMAC-SHA-256 (RFC 2104).

use sha2::{Digest as _, Sha256};

/// Bytes that the hash takes at a time.
const BLOCK: usize = 64;

/// The code of `message` under a key that is no longer than a block.
pub(super) fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        for (padded, byte) in block.iter_mut().zip(key) {
            *padded ^= byte;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::hmac;

    #[test]
    fn the_first_case_of_rfc_4231() {
        // Its key of 20 bytes and the same key with zeros behind it are one to HMAC.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let code: String = hmac(&key, b"Hi There")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            code,
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }
}
