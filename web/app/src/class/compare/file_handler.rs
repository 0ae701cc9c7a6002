//! Files for the comparison that do not come through its file field: the desktop app receives files that
//! are dropped on its window.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::on_cleanup;

type FileHandler = Rc<dyn Fn(&str, &[u8])>;

thread_local! {
    static HANDLER: RefCell<Option<FileHandler>> = const { RefCell::new(None) };
}

/// Calls `handle` with files until the calling component is cleaned up.
pub(super) fn set_handler(handle: impl Fn(&str, &[u8]) + 'static) {
    HANDLER.set(Some(Rc::new(handle)));
    on_cleanup(|| HANDLER.set(None));
}

/// Passes a file to the comparison; `false` if that is not shown.
pub(crate) fn handle(name: &str, bytes: &[u8]) -> bool {
    // Cloned, because handling the file may dispose the view.
    let handler = HANDLER.with_borrow(Option::clone);
    handler.map(|handle| handle(name, bytes)).is_some()
}
