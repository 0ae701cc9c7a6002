//! Finds and highlights the element that a card points at.

use leptos::prelude::document;
use web_sys::Element;

const MARK: &str = "data-looked-at";

/// The element with this id or test id, if it exists and is visible.
pub(super) fn find(target: &str) -> Option<Element> {
    let by_id = document().get_element_by_id(target);
    let found = by_id.or_else(|| {
        document()
            .query_selector(&format!("[data-testid=\"{target}\"]"))
            .ok()
            .flatten()
    });
    // Elements hidden by a teacher's link have no height.
    found.filter(|element| element.get_bounding_client_rect().height() > 0.0)
}

/// Highlights the element and scrolls to it; `false` if there is none.
pub(super) fn point_at(target: &str) -> bool {
    let Some(element) = find(target) else {
        clear();
        return false;
    };
    if !element.has_attribute(MARK) {
        clear();
        element.set_attribute(MARK, "").ok();
    }
    element.scroll_into_view();
    true
}

/// Removes the highlight.
pub(super) fn clear() {
    if let Ok(Some(element)) = document().query_selector(&format!("[{MARK}]")) {
        element.remove_attribute(MARK).ok();
    }
}
