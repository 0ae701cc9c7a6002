//! The allocator of the native programs: whoever links this crate has it, and calls
//! [`settle`] when training begins.
//!
//! A training step makes and drops the same few hundred large buffers again and again. An allocator
//! that hands each back to the system between two steps makes the system clear its pages again, which
//! takes up to a fifth of a step (`cargo xtask bench --profile`); this one keeps them for a while.

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
}

/// Gives freed memory back to the system, what there is now and at once what is freed later. For a
/// program that stays open before and after its trainings.
#[allow(unsafe_code)]
pub fn let_go() {
    // SAFETY: sets a number as `settle` does; the second gives back what this thread and others have
    // freed, and touches nothing that is in use.
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
        libmimalloc_sys::mi_collect(true);
    }
}

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
