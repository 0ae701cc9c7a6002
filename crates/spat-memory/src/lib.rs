//! The global allocator of the native programs. Linking the crate selects it; a program calls [`keep_freed_memory`]
//! when training begins.
//!
//! A training step allocates and frees the same few hundred large buffers again and again. An allocator
//! that returns them to the system between steps makes the system zero their pages again, which takes up to
//! a fifth of a step (`cargo xtask bench --profile`). This one keeps freed pages for a while.

use std::sync::atomic::{AtomicBool, Ordering};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed memory is kept, in milliseconds: longer than the longest step.
const PURGE_AFTER_MS: std::ffi::c_long = 10_000;

/// Index of the option `purge_delay` in mimalloc's list (`mi_option_e`).
const PURGE_DELAY: i32 = 15;

/// Keeps freed memory for ten seconds before it returns to the system.
#[allow(unsafe_code)]
pub fn keep_freed_memory() {
    // SAFETY: sets an atomic option; any value is valid.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_AFTER_MS) };
    if RELEASED.swap(false, Ordering::Relaxed) {
        allow_large_pages(true);
    }
}

/// Returns freed memory to the system at once, now and later, and disables large pages, of which an idle
/// program uses only a few kilobytes each. For programs that stay open before and after training.
#[allow(unsafe_code)]
pub fn release_freed_memory() {
    if !RELEASED.swap(true, Ordering::Relaxed) {
        allow_large_pages(false);
    }
    // SAFETY: sets an atomic option as `keep_freed_memory` does; `mi_collect` returns freed memory only.
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
        libmimalloc_sys::mi_collect(true);
    }
}

/// Whether the last call was [`release_freed_memory`].
static RELEASED: AtomicBool = AtomicBool::new(false);

/// Allows or forbids Linux to back this process's memory with large pages.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn allow_large_pages(allowed: bool) {
    let none: std::ffi::c_ulong = 0;
    let disabled = std::ffi::c_ulong::from(!allowed);
    // SAFETY: sets a flag of the process; a kernel without it returns an error, which is ignored.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, disabled, none, none, none) };
}

#[cfg(not(target_os = "linux"))]
fn allow_large_pages(_allowed: bool) {}

#[cfg(test)]
mod tests {
    #[test]
    #[allow(unsafe_code)]
    fn the_index_selects_the_purge_delay() {
        let delay = || {
            // SAFETY: reads a number.
            unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) }
        };
        // The library's default value, which no adjacent option has.
        let before = delay();
        super::keep_freed_memory();
        assert!(before == 10 || before == 1_000, "{before}");
        assert_eq!(delay(), super::PURGE_AFTER_MS);
        super::release_freed_memory();
        assert_eq!(delay(), 0);
    }
}
