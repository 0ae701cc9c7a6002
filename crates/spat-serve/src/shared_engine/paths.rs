//! Removes the server's paths from messages to visitors.

use std::path::{MAIN_SEPARATOR, Path};

use super::VISITORS;
use crate::auth::VisitorId;

/// The forms in which paths of the host's folder occur in messages.
#[derive(Debug)]
pub(super) struct PathFilter {
    folders: Vec<String>,
}

impl PathFilter {
    pub(super) fn new(folder: &Path) -> Self {
        let forms = [
            folder.canonicalize().ok(),
            std::path::absolute(folder).ok(),
            Some(folder.to_owned()),
        ];
        let mut folders: Vec<_> = forms
            .into_iter()
            .flatten()
            .map(|form| form.display().to_string())
            .collect();
        folders.dedup();
        Self { folders }
    }

    /// The text with paths relative to the visitor's folder.
    pub(super) fn hide(&self, visitor: VisitorId, text: &str) -> String {
        let mut text = text.to_owned();
        for folder in &self.folders {
            let own = format!("{folder}{MAIN_SEPARATOR}{VISITORS}{MAIN_SEPARATOR}{visitor}");
            text = text.replace(&format!("{own}{MAIN_SEPARATOR}"), "");
            text = text.replace(&own, "your folder");
            // A relative name could be an ordinary word.
            if Path::new(folder).is_absolute() {
                text = text.replace(folder, "the server's folder");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_no_absolute_paths() {
        let folder = tempfile::tempdir().unwrap();
        let filter = PathFilter::new(folder.path());
        let visitor = VisitorId::random().unwrap();
        let run = folder
            .path()
            .join(VISITORS)
            .join(visitor.to_string())
            .join("run");
        let text = format!("cannot read `{}`", run.display());
        assert_eq!(filter.hide(visitor, &text), "cannot read `run`");
        let text = format!("cannot read `{}`", folder.path().join("x").display());
        let hidden = filter.hide(visitor, &text);
        assert!(
            !hidden.contains(&*folder.path().to_string_lossy()),
            "{hidden}"
        );
        let relative = PathFilter::new(Path::new("served"));
        let text = format!("`served/visitors/{visitor}/a` is served");
        assert_eq!(relative.hide(visitor, &text), "`a` is served");
    }
}
