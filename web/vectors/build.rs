//! Assembles the module with the vector instructions.

use std::path::PathBuf;
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    let source = "src/strip_product.wat";
    println!("cargo:rerun-if-changed={source}");
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // Linked like the worker, whose table must grow by one function.
        println!("cargo:rustc-link-arg-tests=--growable-table");
    }
    let module = wat::parse_file(source)?;
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("strip_product.wasm"), module)?;
    Ok(())
}
