//! What a card points at, found in the page and made to stand out.

use leptos::prelude::document;
use web_sys::Element;

const MARK: &str = "data-looked-at";

/// The element of this id or test id, if it is there and seen.
pub(super) fn find(target: &str) -> Option<Element> {
    let by_id = document().get_element_by_id(target);
    let found = by_id.or_else(|| {
        document()
            .query_selector(&format!("[data-testid=\"{target}\"]"))
            .ok()
            .flatten()
    });
    // What a teacher's link hides has no height.
    found.filter(|element| element.get_bounding_client_rect().height() > 0.0)
}

/// Marks it and brings it into sight; `false` if it is not there.
pub(super) fn point_at(target: &str) -> bool {
    let Some(element) = find(target) else {
        forget();
        return false;
    };
    if !element.has_attribute(MARK) {
        forget();
        element.set_attribute(MARK, "").ok();
    }
    element.scroll_into_view();
    true
}

/// Nothing stands out any more.
pub(super) fn forget() {
    if let Ok(Some(element)) = document().query_selector(&format!("[{MARK}]")) {
        element.remove_attribute(MARK).ok();
    }
}
