//! The comparison that is shown, for files that come another way than through the page: a window takes
//! what is dropped on it.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::on_cleanup;

type Taker = Rc<dyn Fn(&str, &[u8])>;

thread_local! {
    static SHOWN: RefCell<Option<Taker>> = const { RefCell::new(None) };
}

/// `take` hears of files for as long as the view is there that asks for them.
pub(super) fn listen(take: impl Fn(&str, &[u8]) + 'static) {
    SHOWN.set(Some(Rc::new(take)));
    on_cleanup(|| SHOWN.set(None));
}

/// Hands a file to the comparison, if it is shown.
pub(crate) fn offer(name: &str, bytes: &[u8]) -> bool {
    // A handle of its own: what the file sets off may end the view.
    let taker = SHOWN.with_borrow(Option::clone);
    taker.map(|take| take(name, bytes)).is_some()
}
