//! A map of values as pixels, one per cell; the style sheet scales them up without smoothing.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use spat_report::HeatMap;
use wasm_bindgen::{Clamped, JsCast as _};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// The map without axes. Screen readers skip it and read the text around it.
#[component]
pub(crate) fn HeatPixels(#[prop(into)] map: Signal<Arc<HeatMap>>) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            map.with(|map| paint(&canvas, map));
        }
    });
    view! { <canvas class="heat-pixels" node_ref=canvas aria-hidden="true"></canvas> }
}

/// Without a drawing context the map stays blank; text and table still have its values.
fn paint(canvas: &HtmlCanvasElement, map: &HeatMap) {
    let (Ok(width), Ok(height)) = (u32::try_from(map.columns), u32::try_from(map.rows)) else {
        return;
    };
    if width == 0 || height == 0 {
        return;
    }
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas
        .get_context("2d")
        .ok()
        .flatten()
        .and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok());
    let bytes = colours(map);
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&bytes), width, height);
    if let (Some(context), Ok(image)) = (context, image) {
        context.put_image_data(&image, 0.0, 0.0).ok();
    }
}

/// Red, green, blue and full opacity of each cell.
fn colours(map: &HeatMap) -> Vec<u8> {
    let reach = reach_of(map);
    let palette = map.palette.colours();
    let values = map
        .values
        .iter()
        .copied()
        .chain(std::iter::repeat(f64::NAN));
    values
        .take(map.rows * map.columns)
        .flat_map(|value| {
            let level = usize::from(map.palette.level(value, reach));
            let [r, g, b] = palette.get(level).copied().unwrap_or_default();
            [r, g, b, u8::MAX]
        })
        .collect()
}

/// The value at the end of the colour scale.
pub(super) fn reach_of(map: &HeatMap) -> f64 {
    map.reach.unwrap_or_else(|| map.palette.reach(&map.values))
}
