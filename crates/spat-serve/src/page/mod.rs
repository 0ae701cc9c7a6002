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

/// What the page says before its own module is there.
const PROMISE: &str = "Your data never leave this computer";

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

    /// The page of a host whose engine its visitors use: told so by an element in its head, and no
    /// longer promising what is true of a browser's own engine.
    pub(crate) fn of_host(mut self, name: &str) -> Self {
        let name = escaped(name);
        if let Some(index) = self.assets.get(INDEX) {
            let element = format!("<head><meta name=\"spat-host\" content=\"{name}\">");
            let text = index.text().replacen("<head>", &element, 1);
            let text = text.replace(PROMISE, &format!("Your data go to {name}, which computes"));
            let asset = Asset::new(INDEX, text.into_bytes());
            self.assets.insert(INDEX.to_owned(), Arc::new(asset));
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

/// For an element or an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '"' => escaped += "&quot;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            c => escaped.push(c),
        }
    }
    escaped
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
        Page::of(
            files
                .map(|(name, text)| (name.to_owned(), text.into()))
                .into(),
        )
        .unwrap()
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
    fn a_hosts_page_says_who_computes() {
        let real = include_str!("../../../../index.html");
        let files = vec![("index.html".to_owned(), real.into())];
        let page = Page::of(files).unwrap().of_host("Room \"7\" <b>");
        let Found::Asset(index) = page.find("/") else {
            panic!("no index");
        };
        let text = index.text();
        let name = "Room &quot;7&quot; &lt;b&gt;";
        assert!(text.contains(&format!("<meta name=\"spat-host\" content=\"{name}\">")));
        assert!(text.contains(&format!("Your data go to {name}")) && !text.contains(PROMISE));
    }
}
