//! A private file that sends the browser to a link with a token.
//!
//! Every user of a computer can read the command lines of its processes. So the browser is opened with the
//! file's path, and only the file contains the link, as in Jupyter.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use spat_serve::Token;

const FILE_NAME: &str = "open.html";

/// The file in its own folder, which only this user can read. Both are removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Redirect {
    folder: PathBuf,
}

impl Redirect {
    /// Writes the file for this link.
    pub(crate) fn create(link: &str) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("spat-open-{}", Token::random()?));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Fails if it exists: another user may have created it.
        builder.create(&folder)?;
        let redirect = Self { folder };
        write_private(&redirect.path(), page(link).as_bytes())?;
        Ok(redirect)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    /// The address of the file for a browser.
    pub(crate) fn address(&self) -> String {
        let path = self.path().display().to_string().replace('\\', "/");
        let mut address = "file://".to_owned();
        if !path.starts_with('/') {
            // A Windows drive.
            address.push('/');
        }
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || b"/:._-~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                address += &format!("%{byte:02X}");
            }
        }
        address
    }
}

impl Drop for Redirect {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

/// A page that loads the link. Links have letters, digits and `:/.#-[]` only.
fn page(link: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>SPAT</title>\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"refresh\" content=\"0;url={link}\">\n</head>\n<body>\n\
         <p>This page opens SPAT: <a href=\"{link}\">continue</a></p>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_private_and_removed() {
        let link = "http://127.0.0.1:7728/join#0123-4567-89AB-CDEF";
        let redirect = Redirect::create(link).unwrap();
        let path = redirect.path();
        assert!(
            fs::read_to_string(&path)
                .unwrap()
                .contains(&format!("url={link}\""))
        );
        assert!(!redirect.address().contains("89AB"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        drop(redirect);
        assert!(!path.parent().unwrap().exists());
    }
}
