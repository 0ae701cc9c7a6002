//! Linker arguments of the app's module.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // Stripping removes it, and wasm-bindgen reads the enabled WebAssembly features from it.
        println!("cargo:rustc-link-arg-bins=--keep-section=target_features");
    }
}
