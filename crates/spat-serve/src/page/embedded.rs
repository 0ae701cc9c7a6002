//! The page that is embedded in this program, if it was built before the program.

use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Dist;

/// Paths and contents of all files; empty in a program that was built without the page.
pub(super) fn files() -> Vec<(String, Vec<u8>)> {
    Dist::iter()
        .filter_map(|name| {
            let file = Dist::get(&name)?;
            Some((name.into_owned(), file.data.into_owned()))
        })
        .collect()
}
