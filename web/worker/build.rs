//! How the worker is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // `spat_web_vectors` puts a function into the module's table.
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo:rustc-link-arg-bins=--growable-table");
    }
}
