//! Sees to it that a page built after this crate gets into it.
#![allow(clippy::print_stdout)] // How a build script speaks to cargo.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A path that is not there would build this crate anew every time. `cargo xtask dist` touches
    // this file when it has made one.
    if std::path::Path::new("../../dist").is_dir() {
        println!("cargo::rerun-if-changed=../../dist");
    }
}
