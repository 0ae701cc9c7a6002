//! Timers and the event loop of a browser's worker.

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

/// Message if no GPU was found.
pub const NO_GPU: &str = "this browser offers no WebGPU adapter of its own";

/// Yields to the worker's event loop.
///
/// Browsers delay repeated timers of 0 ms by 4 ms, but not messages that a worker posts to itself.
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

/// Sleeps.
pub async fn sleep(duration: Duration) {
    TimeoutFuture::new(duration.as_millis().try_into().unwrap_or(u32::MAX)).await;
}

/// Runs `work` on the calling thread: a worker is single-threaded.
///
/// # Errors
/// None.
pub fn run_on_threads(_workers: usize, work: &(dyn Fn() + Sync)) -> io::Result<()> {
    work();
    Ok(())
}

/// A browser has no folders.
///
/// # Errors
/// Always.
pub fn write_atomically(path: &Path, _bytes: &[u8]) -> Result<(), StoreError> {
    Err(StoreError::Failed {
        what: "write".to_owned(),
        path: path.display().to_string(),
        reason: "a browser has no folders".to_owned(),
    })
}

/// The processor, as far as a browser reports it.
pub fn cpu_name() -> String {
    let vectors = if spat_cpu::has_strip_product() {
        "relaxed SIMD"
    } else {
        "SIMD"
    };
    format!("WebAssembly with {vectors}")
}

/// What determines the last digits of results on the CPU, for a comparison.
pub fn arithmetic() -> String {
    cpu_name()
}

/// One: wgpu's handles cannot be shared between workers.
pub fn threads() -> usize {
    1
}

/// The address space of a WebAssembly module.
pub fn free_memory() -> Option<u64> {
    Some(4 << 30)
}
