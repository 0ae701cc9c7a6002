//! Downloads of files.

mod archive;
mod picture;

use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use leptos::prelude::document;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use crate::engine;

pub(crate) use archive::archive;
pub(crate) use picture::save_png;

/// Milliseconds until a download's object URL is revoked; some browsers read it late.
const REVOKE_DELAY_MS: u32 = 30_000;

/// Saves a file, by a download or, in the desktop app, by a dialog.
///
/// # Errors
/// The browser cannot create the download.
pub(crate) fn save(name: &str, kind: &str, bytes: &[u8]) -> Result<(), JsValue> {
    save_blob(name, &blob(kind, bytes)?)
}

fn blob(kind: &str, bytes: &[u8]) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence_and_options(&parts, &options)
}

fn save_blob(name: &str, blob: &Blob) -> Result<(), JsValue> {
    if engine::is_native() {
        // The desktop app has no download folder; the system's dialog asks for the path.
        let (name, bytes) = (name.to_owned(), blob.array_buffer());
        spawn_local(async move {
            if let Ok(buffer) = JsFuture::from(bytes).await {
                engine::save(&name, Uint8Array::new(&buffer).to_vec());
            }
        });
        return Ok(());
    }
    let address = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    spawn_local(async move {
        TimeoutFuture::new(REVOKE_DELAY_MS).await;
        Url::revoke_object_url(&address).ok();
    });
    Ok(())
}
