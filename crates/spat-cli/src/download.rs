//! Download of a file with a checksum. An incomplete or wrong file is not kept.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use sha2::{Digest as _, Sha256};

use crate::table::hex;

/// Largest download, far above the size of any table here.
const MOST_BYTES: u64 = 1 << 30;

/// Downloads `url` to a temporary file next to `path`, checks its SHA-256, and renames it. Returns the size
/// in bytes.
pub(crate) fn to_file(url: &str, path: &Path, sha256: &str) -> anyhow::Result<u64> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let outcome = fetch(url, &part).and_then(|(bytes, found)| {
        if found != sha256 {
            bail!(
                "{url} sent {bytes} bytes with SHA-256 {found}, but {sha256} was expected; \
                 the file has changed or was damaged on the way, and was not kept"
            );
        }
        fs::rename(&part, path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(bytes)
    });
    if outcome.is_err() {
        fs::remove_file(&part).ok();
    }
    outcome
}

fn fetch(url: &str, part: &Path) -> anyhow::Result<(u64, String)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .build()
        .into();
    let response = agent.get(url).call().map_err(|error| match error {
        ureq::Error::StatusCode(code) => anyhow!("{url} answered with status {code}"),
        error => anyhow!(
            "cannot reach {url}: {error}; check the network, or fetch the file by other means"
        ),
    })?;
    let mut body = response
        .into_body()
        .into_with_config()
        .limit(MOST_BYTES)
        .reader();
    let mut file =
        File::create(part).with_context(|| format!("cannot write `{}`", part.display()))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("{url} disconnected after {bytes} bytes"));
            }
        };
        digest.update(&buffer[..count]);
        file.write_all(&buffer[..count])
            .with_context(|| format!("cannot write `{}`", part.display()))?;
        bytes += count as u64;
    }
    file.sync_all()
        .with_context(|| format!("cannot write `{}`", part.display()))?;
    Ok((bytes, hex(&digest.finalize())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::table;

    /// A local server that gives every client the same response.
    fn serve(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/data.csv", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // The request fits in one read; its content does not matter.
                let _request = stream.read(&mut [0; 2048]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    #[test]
    fn a_file_is_kept_only_if_it_is_the_right_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        let url = serve("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\na\n1\n");

        let wrong = to_file(&url, &path, &table::sha256(b"another")).unwrap_err();
        assert!(wrong.to_string().contains("SHA-256"), "{wrong}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        assert_eq!(to_file(&url, &path, &table::sha256(b"a\n1\n")).unwrap(), 4);
        assert_eq!(fs::read(&path).unwrap(), b"a\n1\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_breaks_off_or_is_not_there_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        let cut =
            serve("HTTP/1.1 200 OK\r\nContent-Length: 400\r\nConnection: close\r\n\r\na\n1\n");
        let absent =
            serve("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        for (url, word) in [(cut, "disconnected"), (absent, "404")] {
            let error = to_file(&url, &path, "").unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
