//! Linker arguments of the worker's module.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // `spat_web_vectors` adds a function to the module's table.
        println!("cargo:rustc-link-arg-bins=--growable-table");
        // Stripping removes it, and wasm-bindgen reads the enabled WebAssembly features from it.
        println!("cargo:rustc-link-arg-bins=--keep-section=target_features");
    }
}
