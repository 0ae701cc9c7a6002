//! Focus that leaves the scroll position to its caller.

use web_sys::{FocusOptions, HtmlElement};

/// Focuses an element without scrolling: a browser would end a smooth scroll that has begun. If the element cannot
/// be focused, it is still visible.
pub(crate) fn focus(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    element.focus_with_options(&options).ok();
}
