//! Waiting in a browser's worker.

use std::io;
use std::path::Path;
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

use crate::store::StoreError;

/// Whether a thread may wait for a device.
pub const MAY_BLOCK: bool = false;

/// Why there is no GPU, where there is none.
pub const NO_GPU: &str = "this browser offers no WebGPU adapter of its own";

/// Lets the worker's waiting messages in.
///
/// A timer of 0 ms is held back to 4 ms by browsers once it repeats; a message to oneself is not.
pub async fn yield_now() {
    let Ok(channel) = MessageChannel::new() else {
        return TimeoutFuture::new(0).await;
    };
    let arrival = js_sys::Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
    });
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        JsFuture::from(arrival).await.ok();
    }
    channel.port1().close();
}

/// Waits.
pub async fn sleep(duration: Duration) {
    TimeoutFuture::new(duration.as_millis().try_into().unwrap_or(u32::MAX)).await;
}

/// Does the work here and now: a browser's worker is one thread.
///
/// # Errors
/// None.
pub fn at_once(_workers: usize, work: &(dyn Fn() + Sync)) -> io::Result<()> {
    work();
    Ok(())
}

/// A browser has no folders.
///
/// # Errors
/// Always.
pub fn write_whole(path: &Path, _bytes: &[u8]) -> Result<(), StoreError> {
    Err(StoreError::Failed {
        what: "write".to_owned(),
        path: path.display().to_string(),
        reason: "a browser has no folders".to_owned(),
    })
}

/// What a page may know of the processor.
pub fn cpu_name() -> String {
    let vectors = if spat_cpu::has_strip_product() {
        "relaxed SIMD"
    } else {
        "SIMD"
    };
    format!("WebAssembly with {vectors}")
}

/// The engine's module has one thread: wgpu's handles cannot be shared between workers.
pub fn threads() -> usize {
    1
}
