//! Rebuilds this crate when the embedded page has changed.
#![allow(clippy::print_stdout)] // Cargo reads instructions from standard output.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A missing path would cause a rebuild every time. `cargo xtask dist` touches this file after it has
    // created the folder.
    if std::path::Path::new("../../dist").is_dir() {
        println!("cargo::rerun-if-changed=../../dist");
    }
}
