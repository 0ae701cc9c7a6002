//! The secrets of a server.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use axum_extra::extract::cookie::Key;
use serde::{Deserialize, Serialize};

use super::token::{Token, random_bytes};
use crate::error::ServeError;

/// The token of the join link, and the key that signs session cookies.
#[derive(Clone)]
pub struct Secret {
    pub(super) token: Token,
    pub(super) key: Key,
}

#[derive(Serialize, Deserialize)]
struct SecretFile {
    token: String,
    /// The key from which the signing key is derived.
    #[serde(with = "hex")]
    key: [u8; 32],
}

/// Name of the file in the host's folder.
const FILE_NAME: &str = "secret.json";

impl Secret {
    /// A new secret, for this run of the server only.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        Ok(Self::new(Token::random()?, &random_key()?))
    }

    fn new(token: Token, key: &[u8; 32]) -> Self {
        let key = Key::derive_from(key);
        Self { token, key }
    }

    /// The secret in `folder`, or a new one that is stored there, so that links and sessions stay valid
    /// after a restart. Only the file's owner may read it.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn stored_in(folder: &Path) -> Result<Self, ServeError> {
        let path = folder.join(FILE_NAME);
        let failed = |what| {
            let path = path.clone();
            move |reason| ServeError::File { what, path, reason }
        };
        match fs::read(&path) {
            Ok(bytes) => {
                return Self::from_bytes(&bytes)
                    .ok_or_else(|| {
                        io::Error::other(
                            "it is damaged; remove it, and visitors have to join again",
                        )
                    })
                    .map_err(failed("read"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read")(error)),
        }
        let (token, key) = (Token::random()?, random_key()?);
        let file = SecretFile {
            token: token.to_string(),
            key,
        };
        fs::create_dir_all(folder)
            .and_then(|()| write_private(&path, &serde_json::to_vec_pretty(&file)?))
            .map_err(failed("write"))?;
        Ok(Self::new(token, &key))
    }

    /// The token of the join link.
    pub fn token(&self) -> &Token {
        &self.token
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let file: SecretFile = serde_json::from_slice(bytes).ok()?;
        Some(Self::new(Token::parse(&file.token)?, &file.key))
    }
}

fn random_key() -> Result<[u8; 32], ServeError> {
    let mut key = [0; 32];
    random_bytes(&mut key)?;
    Ok(key)
}

/// Creates a file that only its owner may read.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_secret_survives_a_restart() {
        let folder = tempfile::TempDir::new().unwrap();
        let first = Secret::stored_in(folder.path()).unwrap();
        let again = Secret::stored_in(folder.path()).unwrap();
        assert_eq!(first.token, again.token);
        assert_eq!(first.key, again.key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(FILE_NAME))
                .unwrap()
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        fs::write(folder.path().join(FILE_NAME), "{}").unwrap();
        assert!(Secret::stored_in(folder.path()).is_err());
    }
}
