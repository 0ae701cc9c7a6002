//! The allocator of the native programs: whoever links this crate has it, and calls
//! [`settle`] when training begins.
//!
//! A training step makes and drops the same few hundred large buffers again and again. An allocator
//! that hands each back to the system between two steps makes the system clear its pages again, which
//! takes up to a fifth of a step (`cargo xtask bench --profile`); this one keeps them for a while.

use std::sync::atomic::{AtomicBool, Ordering};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed memory stays at hand, milliseconds: longer than the longest step.
const KEPT_FOR: std::ffi::c_long = 10_000;

/// Number of the option `purge_delay` in mimalloc's list (`mi_option_e`).
const PURGE_DELAY: i32 = 15;

/// Keeps freed memory for ten seconds before the system has it back.
#[allow(unsafe_code)]
pub fn settle() {
    // SAFETY: sets a number under the allocator's own lock-free rules; any value is good.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, KEPT_FOR) };
    if AT_REST.swap(false, Ordering::Relaxed) {
        allow_large_pages(true);
    }
}

/// Gives freed memory back to the system, what there is now and at once what is freed later; and takes no
/// pages of two megabytes, of which a program at rest uses a few kilobytes each. For a program that stays
/// open before and after its trainings.
#[allow(unsafe_code)]
pub fn let_go() {
    if !AT_REST.swap(true, Ordering::Relaxed) {
        allow_large_pages(false);
    }
    // SAFETY: sets a number as `settle` does; the second gives back what this thread and others have
    // freed, and touches nothing that is in use.
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
        libmimalloc_sys::mi_collect(true);
    }
}

/// Whether [`let_go`] was the last word.
static AT_REST: AtomicBool = AtomicBool::new(false);

/// Whether Linux may back this process's memory by large pages where it sees fit.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn allow_large_pages(allowed: bool) {
    let none: std::ffi::c_ulong = 0;
    let disabled = std::ffi::c_ulong::from(!allowed);
    // SAFETY: sets a flag of the process; a kernel that does not know it says so, and nothing is lost.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, disabled, none, none, none) };
}

#[cfg(not(target_os = "linux"))]
fn allow_large_pages(_allowed: bool) {}

#[cfg(test)]
mod tests {
    #[test]
    #[allow(unsafe_code)]
    fn the_option_is_the_one_that_is_meant() {
        let delay = || {
            // SAFETY: reads a number.
            unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) }
        };
        // The library's own default, which no option beside it has.
        let before = delay();
        super::settle();
        assert!(before == 10 || before == 1_000, "{before}");
        assert_eq!(delay(), super::KEPT_FOR);
        super::let_go();
        assert_eq!(delay(), 0);
    }
}
