//! A log of all requests, without secrets: no query, no headers and no token.

use std::fs::File;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode};
use time::OffsetDateTime;

use crate::auth::Token;
use crate::error::ServeError;
use crate::private_files::private_options;

/// Longest path that is logged, in bytes.
const MAX_PATH: usize = 200;

/// A log file, one request a line.
pub(crate) struct AccessLog {
    file: Mutex<File>,
    token: Option<Token>,
}

impl AccessLog {
    /// Opens or creates the file; lines are appended. `token` is never logged.
    pub(crate) fn open(path: &Path, token: Option<Token>) -> Result<Self, ServeError> {
        let file = private_options().append(true).create(true).open(path);
        let file = file.map_err(|reason| ServeError::File {
            what: "write",
            path: path.to_owned(),
            reason,
        })?;
        Ok(Self {
            file: Mutex::new(file),
            token,
        })
    }

    /// Appends a request. Errors, such as a full disk, do not affect the response.
    pub(crate) fn write(
        &self,
        client: IpAddr,
        method: &Method,
        path: &str,
        status: StatusCode,
        duration: Duration,
    ) {
        let line = self.line(SystemTime::now(), client, method, path, status, duration);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One call, so that lines of several processes do not mix.
        file.write_all(line.as_bytes()).ok();
    }

    fn line(
        &self,
        now: SystemTime,
        client: IpAddr,
        method: &Method,
        path: &str,
        status: StatusCode,
        duration: Duration,
    ) -> String {
        // A person may have typed the token as a path.
        let has_token = self.token.as_ref().is_some_and(|token| token.is_in(path));
        let path = if has_token {
            "[token]"
        } else {
            path.get(..MAX_PATH).unwrap_or(path)
        };
        // URIs have no spaces and control characters; others would break the line.
        let path = path.replace(|c: char| c.is_whitespace() || c.is_control(), "?");
        format!(
            "{} {client} {method} {path} {} {}ms\n",
            timestamp(now),
            status.as_u16(),
            duration.as_millis()
        )
    }
}

/// RFC 3339 in UTC.
fn timestamp(now: SystemTime) -> String {
    let seconds = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(0);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_token() {
        let folder = tempfile::tempdir().unwrap();
        let token = Token::parse("01AB-CDEF-GHJK-MNPQ").unwrap();
        let log = AccessLog::open(&folder.path().join("log"), Some(token)).unwrap();
        let line = |path: &str| {
            log.line(
                UNIX_EPOCH + Duration::from_secs(1_700_000_000),
                IpAddr::from([203, 0, 113, 7]),
                &Method::GET,
                path,
                StatusCode::OK,
                Duration::from_millis(12),
            )
        };
        assert_eq!(
            line("/runs/mine"),
            "2023-11-14T22:13:20Z 203.0.113.7 GET /runs/mine 200 12ms\n"
        );
        for path in [
            "/join/01AB-CDEF-GHJK-MNPQ",
            "/olabcdefghjkmnpq",
            "/x%2301AB-CDEFGHJK-MNPQ",
        ] {
            assert!(line(path).contains("[token]"), "{path}");
        }
        assert!(line(&"/a".repeat(5_000)).len() < 300);
    }
}
