//! The secrets of a server.

use std::fs;
use std::io;
use std::path::Path;

use axum_extra::extract::cookie::Key;
use serde::{Deserialize, Serialize};

use super::pass::Generation;
use super::token::{Token, random_bytes};
use crate::error::ServeError;
use crate::private_files::{private_folder, write_private};
use crate::shared_engine::VISITORS;

/// The token of the join link, and the keys of session cookies.
#[derive(Clone)]
pub struct Secret {
    pub(super) token: Token,
    /// The token and key that passes must be issued for.
    pub(super) generation: Generation,
    /// Signs cookies, so that visitors keep their runs when the token changes.
    pub(super) visitor_key: Key,
    notice: Option<String>,
}

/// The file of the key that identifies visitors.
#[derive(Serialize, Deserialize)]
struct VisitorKeyFile {
    #[serde(with = "hex")]
    key: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct SecretFile {
    token: String,
    /// Random; a new one ends all passes.
    #[serde(with = "hex")]
    key: [u8; 32],
}

/// Name of the file in the host's folder.
const FILE_NAME: &str = "secret.json";

/// Name of the file with the key that identifies visitors.
const VISITOR_KEY: &str = "visitor-key.json";

impl Secret {
    /// A new secret, for this run of the server only.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn random() -> Result<Self, ServeError> {
        Ok(Self::new(Token::random()?, &random_key()?, &random_key()?))
    }

    fn new(token: Token, key: &[u8; 32], visitor_key: &[u8; 32]) -> Self {
        Self {
            generation: Generation::of(&token, key),
            token,
            visitor_key: Key::derive_from(visitor_key),
            notice: None,
        }
    }

    /// The secret in `folder`, or a new one that is stored there, so that links and sessions stay valid
    /// after a restart. Only the files' owner may read them. Without `secret.json`, the token is new and
    /// all passes end; visitors who join again keep their runs by `visitor-key.json`.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn stored_in(folder: &Path) -> Result<Self, ServeError> {
        let (secret_path, visitor_path) = (folder.join(FILE_NAME), folder.join(VISITOR_KEY));
        let secret: Option<SecretFile> = read(&secret_path)?;
        let visitors: Option<VisitorKeyFile> = read(&visitor_path)?;
        let has_visitors = has_entries(&folder.join(VISITORS));
        let notice = match (&secret, &visitors) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(
                "the join link is new, because `secret.json` was missing; visitors keep their runs when \
                 they join again in the same browser"
                    .to_owned(),
            ),
            (None, None) => Some(format!(
                "`{FILE_NAME}` and `{VISITOR_KEY}` were missing, so the visitors of the runs in `{}` \
                 cannot be recognised; their runs stay on disk, but no visitor sees them",
                folder.join(VISITORS).display()
            )),
        };
        private_folder(folder).map_err(|reason| ServeError::File {
            what: "make the folder",
            path: folder.to_owned(),
            reason,
        })?;
        // Earlier versions signed cookies with the key of `secret.json`.
        let visitors = match (visitors, &secret) {
            (Some(file), _) => file,
            (None, secret) => {
                let key = match secret {
                    Some(secret) => secret.key,
                    None => random_key()?,
                };
                let file = VisitorKeyFile { key };
                write(&visitor_path, &file)?;
                file
            }
        };
        let secret = match secret {
            Some(file) => file,
            None => {
                let file = SecretFile {
                    token: Token::random()?.to_string(),
                    key: random_key()?,
                };
                write(&secret_path, &file)?;
                file
            }
        };
        let token = Token::parse(&secret.token).ok_or_else(|| damaged(&secret_path))?;
        let notice = notice.filter(|_| has_visitors);
        Ok(Self {
            notice,
            ..Self::new(token, &secret.key, &visitors.key)
        })
    }

    /// What the owner of the server should know about visitors and their runs, if a file was missing.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The token of the join link.
    pub fn token(&self) -> &Token {
        &self.token
    }
}

/// The content of a file; `None` if it does not exist.
fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, ServeError> {
    match fs::read(path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(file) => Ok(Some(file)),
            Err(_) => Err(damaged(path)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(ServeError::File {
            what: "read",
            path: path.to_owned(),
            reason,
        }),
    }
}

fn damaged(path: &Path) -> ServeError {
    ServeError::File {
        what: "read",
        path: path.to_owned(),
        reason: io::Error::other("it is damaged; remove it, and visitors have to join again"),
    }
}

fn write(path: &Path, file: &impl Serialize) -> Result<(), ServeError> {
    serde_json::to_vec_pretty(file)
        .map_err(io::Error::other)
        .and_then(|bytes| write_private(path, &bytes))
        .map_err(|reason| ServeError::File {
            what: "write",
            path: path.to_owned(),
            reason,
        })
}

fn has_entries(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

fn random_key() -> Result<[u8; 32], ServeError> {
    let mut key = [0; 32];
    random_bytes(&mut key)?;
    Ok(key)
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
        assert!(first.generation == again.generation && first.visitor_key == again.visitor_key);
        assert_eq!(again.notice(), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(FILE_NAME))
                .unwrap()
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        // Without visitors there is nothing to report.
        fs::remove_file(folder.path().join(FILE_NAME)).unwrap();
        assert_eq!(Secret::stored_in(folder.path()).unwrap().notice(), None);
        fs::create_dir_all(folder.path().join("visitors/0")).unwrap();
        fs::remove_file(folder.path().join(FILE_NAME)).unwrap();
        let kept = Secret::stored_in(folder.path()).unwrap();
        assert!(kept.token != first.token && kept.visitor_key == first.visitor_key);
        assert!(kept.notice().unwrap().contains("keep their runs"));
        fs::remove_file(folder.path().join(FILE_NAME)).unwrap();
        fs::remove_file(folder.path().join(VISITOR_KEY)).unwrap();
        let lost = Secret::stored_in(folder.path()).unwrap();
        assert!(lost.notice().unwrap().contains("cannot be recognised"));
        fs::write(folder.path().join(FILE_NAME), "{}").unwrap();
        assert!(Secret::stored_in(folder.path()).is_err());
    }
}
