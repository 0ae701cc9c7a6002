//! The choices in the page's address, never the data: a link reproduces the setup.

use serde::{Deserialize, Serialize};

use super::Setup;

#[derive(Serialize, Deserialize)]
struct Link {
    setup: Setup,
    ratio: f64,
}

/// The setup and ratio in the address's hash, if it carries them.
pub(crate) fn setup_in_address() -> Option<(Setup, Option<f64>)> {
    let hash = web_sys::window()?.location().hash().ok()?;
    let text = js_sys::decode_uri_component(hash.trim_start_matches('#')).ok()?;
    // From bytes, as everything else that the page reads: a second reader of the same types would
    // make its module larger.
    let link: Link = serde_json::from_slice(String::from(text).as_bytes()).ok()?;
    Some((link.setup, Some(link.ratio)))
}

/// The hash that carries them.
pub(crate) fn hash_of(setup: &Setup, ratio: f64) -> String {
    let link = Link {
        setup: setup.clone(),
        ratio,
    };
    // A setup of numbers and names always has JSON.
    let text = serde_json::to_string(&link).unwrap_or_default();
    format!("#{}", String::from(js_sys::encode_uri_component(&text)))
}

/// Puts the setup into the address without a new entry in the browser's history.
pub(crate) fn write_address(setup: &Setup, ratio: f64) {
    let hash = hash_of(setup, ratio);
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        // An address that stays as it was harms nobody.
        history
            .replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&hash))
            .ok();
    }
}
