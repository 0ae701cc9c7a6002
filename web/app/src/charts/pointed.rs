//! Modules in a chart: which one is under the pointer, and which one to highlight.

use leptos::ev;
use spat_spec::ModuleId;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

/// The attribute of `spat-report`'s elements that belong to a module.
const ATTRIBUTE: &str = "data-module";

/// The module of the event's target.
pub(super) fn module_under(event: &ev::MouseEvent) -> Option<ModuleId> {
    let under = event.target()?.dyn_into::<Element>().ok()?;
    let marked = under.closest("[data-module]").ok()??;
    marked
        .get_attribute(ATTRIBUTE)
        .as_deref()
        .map(ModuleId::from)
}

/// Highlights the elements of one module and no others.
pub(super) fn point_out(drawing: &Element, module: Option<&ModuleId>) {
    let Ok(marks) = drawing.query_selector_all("[data-module]") else {
        return;
    };
    for place in 0..marks.length() {
        if let Some(mark) = marks
            .get(place)
            .and_then(|mark| mark.dyn_into::<Element>().ok())
        {
            let here = mark.get_attribute(ATTRIBUTE);
            let on = here.is_some() && here.as_deref() == module.map(ModuleId::as_str);
            mark.class_list().toggle_with_force("pointed", on).ok();
        }
    }
}
