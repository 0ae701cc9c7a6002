//! Any bytes as a GPT-2 in safetensors: the reader does not panic.
//!
//! It compiles Burn, so it is behind a feature: `cargo +nightly fuzz run --features pytorch read_backbone`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spat_model::Backbone;

fuzz_target!(|bytes: &[u8]| {
    // The text before the first zero byte is a configuration, if there is any.
    let (config, file) = match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (Some(&bytes[..end]).filter(|text| !text.is_empty()), &bytes[end + 1..]),
        None => (None, bytes),
    };
    match Backbone::from_bytes("fuzz", file, config) {
        Ok(backbone) => drop(backbone),
        Err(error) => drop(error.to_string()),
    }
});
