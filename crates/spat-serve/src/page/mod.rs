//! The page's files. They are all in memory, so that no request reaches the file system.

mod asset;
mod embedded;
mod folder;
mod policy;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

pub(crate) use asset::Asset;

use crate::error::ServeError;

/// The file of a path that ends with a slash.
const INDEX: &str = "index.html";

/// Text of `index.html` that is true only if the browser computes.
const PROMISE: &str = "Your data never leave this computer";

/// The files of a page by their paths.
#[derive(Debug, Clone)]
pub struct Page {
    assets: HashMap<String, Arc<Asset>>,
    policy: String,
}

/// The result of looking up a path.
pub(crate) enum Lookup<'a> {
    Asset(&'a Arc<Asset>),
    /// A folder, without the slash at the end.
    Folder,
    NotFound,
}

impl Page {
    /// The page that is embedded in this program.
    ///
    /// # Errors
    /// This program was built without the page.
    pub fn embedded() -> Result<Self, ServeError> {
        Self::of(embedded::files()).ok_or(ServeError::NoPage)
    }

    /// The page in a folder, as `cargo xtask dist` creates it. Later changes have no effect.
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
        let policy = policy::for_page(assets.get(INDEX)?.text());
        Some(Self { assets, policy })
    }

    /// The page for visitors of a host's engine: a `meta` element names the host, and the promise that
    /// data stay in the browser is replaced.
    pub(crate) fn for_host(mut self, name: &str) -> Self {
        let name = spat_report::escape(name);
        if let Some(index) = self.assets.get(INDEX) {
            let element = format!("<head><meta name=\"spat-host\" content=\"{name}\">");
            let text = index.text().replacen("<head>", &element, 1);
            let text = text.replace(PROMISE, &format!("Your data go to {name}, which computes"));
            let asset = Asset::new(INDEX, text.into_bytes());
            self.assets.insert(INDEX.to_owned(), Arc::new(asset));
        }
        self
    }

    /// Looks up a path that starts with a slash. It must equal a file's path: nothing is decoded or
    /// resolved.
    pub(crate) fn find(&self, path: &str) -> Lookup<'_> {
        let name = path.strip_prefix('/').unwrap_or(path);
        let found = if name.is_empty() || name.ends_with('/') {
            self.assets.get(&format!("{name}{INDEX}"))
        } else {
            self.assets.get(name)
        };
        match found {
            Some(asset) => Lookup::Asset(asset),
            None if self.assets.contains_key(&format!("{name}/{INDEX}")) => Lookup::Folder,
            None => Lookup::NotFound,
        }
    }

    /// The page's content security policy, sent with all files: a worker takes its policy from its own
    /// response and not from the page.
    pub(crate) fn policy(&self) -> &str {
        &self.policy
    }

    /// Compresses all files. Takes about a second.
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
        Page::of(
            files
                .map(|(name, text)| (name.to_owned(), text.into()))
                .into(),
        )
        .unwrap()
    }

    #[test]
    fn paths_must_match_exactly() {
        let page = page();
        for known in ["/", "/index.html", "/lessons/", "/app-0123456789abcdef.js"] {
            assert!(matches!(page.find(known), Lookup::Asset(_)), "{known}");
        }
        assert!(matches!(page.find("/lessons"), Lookup::Folder));
        for unknown in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/lessons/../index.html",
            "//index.html",
            "/.",
            "/lessons\\index.html",
            "//example.org",
        ] {
            assert!(matches!(page.find(unknown), Lookup::NotFound), "{unknown}");
        }
    }

    #[test]
    fn a_hosts_page_names_the_host() {
        let real = include_str!("../../../../index.html");
        let files = vec![("index.html".to_owned(), real.into())];
        let page = Page::of(files).unwrap().for_host("Room \"7\" <b>");
        let Lookup::Asset(index) = page.find("/") else {
            panic!("no index");
        };
        let text = index.text();
        let name = "Room &quot;7&quot; &lt;b&gt;";
        assert!(text.contains(&format!("<meta name=\"spat-host\" content=\"{name}\">")));
        assert!(text.contains(&format!("Your data go to {name}")) && !text.contains(PROMISE));
    }
}
