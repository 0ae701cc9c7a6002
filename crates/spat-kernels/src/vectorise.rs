//! The widest vector instructions that this CPU has.

/// Runs `body` compiled for the CPU's vectors. What `body` calls must be `#[inline(always)]`, or it
/// stays compiled for the least CPU.
#[inline(always)]
pub(crate) fn vectorise<R>(body: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(body)
}
