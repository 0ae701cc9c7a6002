//! A page that is read from a folder.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::ServeError;

/// Most bytes of a page, which catches a wrong folder.
const MAX_BYTES: u64 = 512 << 20;

/// Relative path and content of every file below `root`, except hidden files and symbolic links.
pub(super) fn files(root: &Path) -> Result<Vec<(String, Vec<u8>)>, ServeError> {
    if !root.join(super::INDEX).is_file() {
        return Err(ServeError::NotAPage(root.to_owned()));
    }
    let mut files = Vec::new();
    let mut remaining = MAX_BYTES;
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, start)) = folders.pop() {
        let failed = |reason| failed("read", &folder, reason);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                folders.push((path, format!("{start}{name}/")));
            } else if kind.is_file() {
                let size = entry.metadata().map_err(failed)?.len();
                remaining = remaining.checked_sub(size).ok_or_else(|| too_large(root))?;
                let bytes =
                    fs::read(&path).map_err(|reason| self::failed("read", &path, reason))?;
                files.push((format!("{start}{name}"), bytes));
            }
        }
    }
    Ok(files)
}

fn failed(what: &'static str, path: &Path, reason: io::Error) -> ServeError {
    let path = path.to_owned();
    ServeError::File { what, path, reason }
}

fn too_large(root: &Path) -> ServeError {
    let message = format!(
        "it holds more than {} MB, so it is not a page",
        MAX_BYTES >> 20
    );
    failed("serve", root, io::Error::other(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_links_are_left_out() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path();
        assert!(matches!(files(path), Err(ServeError::NotAPage(_))));
        fs::write(path.join("index.html"), "<head>").unwrap();
        fs::write(path.join(".secret"), "x").unwrap();
        fs::create_dir(path.join("demo")).unwrap();
        fs::write(path.join("demo/a.csv"), "1").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", path.join("link.txt")).unwrap();
        let mut names: Vec<_> = files(path)
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        names.sort();
        assert_eq!(names, ["demo/a.csv", "index.html"]);
    }
}
