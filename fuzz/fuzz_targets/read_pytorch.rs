//! Any bytes as a `.pth` file: the import neither panics nor takes more memory than the model's weights need.
//!
//! It compiles Burn, so it is behind a feature: `cargo +nightly fuzz run --features pytorch read_pytorch`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spat_model::from_pytorch_file;
use spat_spec::{ForecasterConfig, ITransformerConfig, Structure, Window};

/// A model with which a file is read.
static STRUCTURE: LazyLock<Structure> = LazyLock::new(|| {
    Structure::dense(ForecasterConfig::ITransformer(ITransformerConfig {
        d_model: 8,
        d_ff: 8,
        heads: 2,
        layers: 1,
        ..ITransformerConfig::new(Window::new(24, 12, 3), false)
    }))
});

fuzz_target!(|bytes: &[u8]| {
    // The reader takes files only. One process fuzzes one file at a time.
    let path = std::env::temp_dir().join(format!("spat-fuzz-{}.pth", std::process::id()));
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    match from_pytorch_file(&path, &STRUCTURE) {
        Ok(weights) => drop(weights),
        Err(error) => drop(error.to_string()),
    }
    std::fs::remove_file(&path).ok();
});
