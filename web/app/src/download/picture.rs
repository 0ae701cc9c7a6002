//! Charts as PNG files.

use js_sys::Promise;
use leptos::prelude::document;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, Url};

/// Pixels per unit of the chart: sharp in print and on high-resolution screens.
const SCALE: u32 = 2;

/// Saves a standalone SVG with a size as a PNG.
///
/// # Errors
/// The browser cannot draw it.
pub(crate) async fn save_png(name: &str, svg: &str) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(&super::blob("image/svg+xml", svg.as_bytes())?)?;
    let drawn = drawn(&address).await;
    Url::revoke_object_url(&address)?;
    let canvas = drawn?;
    let made = Promise::new(&mut |done, refused| {
        if let Err(reason) = canvas.to_blob(&done) {
            refused.call1(&JsValue::NULL, &reason).ok();
        }
    });
    // `null` if the browser cannot encode it.
    super::save_blob(name, &JsFuture::from(made).await?.dyn_into::<Blob>()?)
}

/// The image at an address, on a canvas.
async fn drawn(address: &str) -> Result<HtmlCanvasElement, JsValue> {
    let image = HtmlImageElement::new()?;
    image.set_src(address);
    JsFuture::from(image.decode()).await?;
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    let (width, height) = (
        image.natural_width() * SCALE,
        image.natural_height() * SCALE,
    );
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas
        .get_context("2d")?
        .ok_or("no canvas")?
        .unchecked_into();
    context.draw_image_with_html_image_element_and_dw_and_dh(
        &image,
        0.0,
        0.0,
        width.into(),
        height.into(),
    )?;
    Ok(canvas)
}
