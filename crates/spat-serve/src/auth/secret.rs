//! The secrets of a server.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::token::{Token, random_bytes};
use super::visitor_id::{Signer, hexadecimal};
use crate::error::ServeError;

/// The token of the join link, and the key that signs session cookies.
#[derive(Clone)]
pub struct Secret {
    pub(super) token: Token,
    pub(super) signer: Signer,
}

#[derive(Serialize, Deserialize)]
struct SecretFile {
    token: String,
    key: String,
}

/// Name of the file in the host's folder.
const FILE_NAME: &str = "secret.json";

impl Secret {
    /// A new secret, for this run of the server only.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        let mut key = [0; 32];
        random_bytes(&mut key)?;
        Ok(Self {
            token: Token::random()?,
            signer: Signer(key),
        })
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
        let secret = Self::random()?;
        fs::create_dir_all(folder)
            .and_then(|()| write_privately(&path, &secret.to_bytes()?))
            .map_err(failed("write"))?;
        Ok(secret)
    }

    /// The token of the join link.
    pub fn token(&self) -> &Token {
        &self.token
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let file: SecretFile = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            token: Token::parse(&file.token)?,
            signer: Signer(hexadecimal(&file.key)?.try_into().ok()?),
        })
    }

    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let file = SecretFile {
            token: self.token.to_string(),
            key: self
                .signer
                .0
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        };
        Ok(serde_json::to_vec_pretty(&file)?)
    }
}

fn write_privately(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
        assert_eq!(first.signer.0, again.signer.0);
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
