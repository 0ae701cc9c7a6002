//! The page's files, all in memory from the start: no request ever reaches the file system.

mod asset;
mod embedded;
mod folder;
mod kind;
mod policy;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

pub(crate) use asset::Asset;

use crate::error::ServeError;

/// The file that an address without a file's name means.
const INDEX: &str = "index.html";

/// The files of a page by their names, `/` between folders.
#[derive(Debug, Clone)]
pub struct Page {
    assets: HashMap<String, Arc<Asset>>,
    policy: String,
}

/// What an address means.
pub(crate) enum Found<'a> {
    Asset(&'a Arc<Asset>),
    /// A folder, asked for without its slash.
    Folder,
    Nothing,
}

impl Page {
    /// The page that this program carries.
    ///
    /// # Errors
    /// It was built before the page was.
    pub fn embedded() -> Result<Self, ServeError> {
        Self::of(embedded::files()).ok_or(ServeError::NoPage)
    }

    /// A page in a folder, as `cargo xtask dist` leaves it. Read once; later changes are not seen.
    ///
    /// # Errors
    /// The folder holds no page, or cannot be read.
    pub fn in_folder(path: &Path) -> Result<Self, ServeError> {
        Self::of(folder::files(path)?).ok_or_else(|| ServeError::NotAPage(path.to_owned()))
    }

    fn of(files: Vec<(String, Vec<u8>)>) -> Option<Self> {
        let assets: HashMap<_, _> = files
            .into_iter()
            .map(|(name, bytes)| {
                let asset = Arc::new(Asset::new(&name, bytes));
                (name, asset)
            })
            .collect();
        let policy = policy::of_page(assets.get(INDEX)?.text());
        Some(Self { assets, policy })
    }

    /// The page, told by an element in its head where its engine is.
    pub(crate) fn with_in_head(mut self, element: &str) -> Self {
        if let Some(index) = self.assets.get(INDEX) {
            let text = index.text();
            if let Some(place) = text.find("<head>") {
                let (before, after) = text.split_at(place + "<head>".len());
                let told = format!("{before}{element}{after}");
                let asset = Asset::new(INDEX, told.into_bytes());
                self.assets.insert(INDEX.to_owned(), Arc::new(asset));
            }
        }
        self
    }

    /// What `path`, which starts with a slash, means. Nothing is decoded and nothing is resolved: a
    /// name is a file's name to the letter or it is nothing.
    pub(crate) fn find(&self, path: &str) -> Found<'_> {
        let name = path.strip_prefix('/').unwrap_or(path);
        let found = if name.is_empty() || name.ends_with('/') {
            self.assets.get(&format!("{name}{INDEX}"))
        } else {
            self.assets.get(name)
        };
        match found {
            Some(asset) => Found::Asset(asset),
            None if self.assets.contains_key(&format!("{name}/{INDEX}")) => Found::Folder,
            None => Found::Nothing,
        }
    }

    /// The page's own content security policy, for the headers of all its files: a worker takes its
    /// policy from there and not from the page.
    pub(crate) fn policy(&self) -> &str {
        &self.policy
    }

    /// Compresses what gains by it. Takes about a second for the whole page.
    pub(crate) fn compress(&self) {
        for asset in self.assets.values() {
            asset.compress();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let files = [
            ("index.html", "<html><head><title>x</title></head></html>"),
            ("lessons/index.html", "<p>lessons</p>"),
            ("app-0123456789abcdef.js", "export {}"),
        ];
        Page::of(files.map(|(name, text)| (name.to_owned(), text.into())).into()).unwrap()
    }

    #[test]
    fn names_are_taken_to_the_letter() {
        let page = page();
        for known in ["/", "/index.html", "/lessons/", "/app-0123456789abcdef.js"] {
            assert!(matches!(page.find(known), Found::Asset(_)), "{known}");
        }
        assert!(matches!(page.find("/lessons"), Found::Folder));
        for unknown in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/lessons/../index.html",
            "//index.html",
            "/.",
            "/lessons\\index.html",
            "//example.org",
        ] {
            assert!(matches!(page.find(unknown), Found::Nothing), "{unknown}");
        }
    }

    #[test]
    fn the_head_takes_an_element() {
        let page = page().with_in_head("<meta name=\"engine\">");
        let Found::Asset(index) = page.find("/") else {
            panic!("no index");
        };
        assert_eq!(
            index.text(),
            "<html><head><meta name=\"engine\"><title>x</title></head></html>"
        );
    }
}
