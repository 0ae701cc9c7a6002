//! Which runs the browser's tabs have open: each tab holds a Web Lock with the name of its run. Without
//! Web Locks (over plain HTTP) other tabs' runs are unknown.

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::state::Page;

fn part(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name))
        .ok()
        .filter(|part| !part.is_undefined())
}

/// The browser's locks, and one of their methods.
fn method(name: &str) -> Option<(JsValue, Function)> {
    let locks = part(&window().navigator(), "locks")?;
    let method = part(&locks, name)?.dyn_into().ok()?;
    Some((locks, method))
}

/// Holds a lock with the name of the open run, and replaces it when another run is opened.
pub(crate) fn hold_open_run(page: Page) {
    Effect::new(move |release: Option<Option<Function>>| {
        if let Some(Some(release)) = release {
            release.call0(&JsValue::UNDEFINED).ok();
        }
        hold(&page.run.get()?)
    });
}

/// Requests a lock; the returned function releases it.
fn hold(run: &str) -> Option<Function> {
    let (locks, request) = method("request")?;
    let mut release = None;
    let held: JsValue = Promise::new(&mut |resolve, _| release = Some(resolve)).into();
    let grant = Closure::once_into_js(move || held);
    request.call2(&locks, &JsValue::from_str(run), &grant).ok();
    release
}

/// Names of all runs that are open in any tab.
pub(crate) async fn held_runs() -> Vec<String> {
    let held = async {
        let (locks, query) = method("query")?;
        let asked: Promise = query.call0(&locks).ok()?.dyn_into().ok()?;
        let held = part(&JsFuture::from(asked).await.ok()?, "held")?;
        let name = |lock| part(&lock, "name")?.as_string();
        Some(
            held.dyn_into::<Array>()
                .ok()?
                .iter()
                .filter_map(name)
                .collect(),
        )
    };
    held.await.unwrap_or_default()
}
