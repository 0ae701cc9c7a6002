//! Loops compiled for several levels of vector instructions and selected at run time.

/// Defines a function whose body is compiled once per level of vector instructions; a call uses the best
/// level that this CPU supports. Functions that the body calls must be `#[inline(always)]`, and large
/// closures must be avoided: code that is not inlined is compiled for the baseline CPU.
macro_rules! vectorised {
    (
        $(#[$about:meta])*
        $visible:vis fn $name:ident $(<$($life:lifetime),+>)? (
            $($argument:ident : $type:ty),* $(,)?
        ) $(-> $result:ty)? $body:block
    ) => {
        $(#[$about])*
        #[allow(unsafe_code, clippy::too_many_arguments)]
        $visible fn $name $(<$($life),+>)? ($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body $(<$($life),+>)? ($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                use $crate::vectorise::Level;

                #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
                fn widest $(<$($life),+>)? ($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }

                #[target_feature(enable = "avx2,fma")]
                fn wide $(<$($life),+>)? ($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }

                match $crate::vectorise::level() {
                    // SAFETY: the CPU supports these instructions.
                    Level::Avx512 => return unsafe { widest($($argument),*) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { wide($($argument),*) },
                    Level::Least => {}
                }
            }
            #[allow(unreachable_code)]
            body($($argument),*)
        }
    };
}
pub(crate) use vectorised;

/// Levels of x86-64 vector instructions, ascending.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Least,
    Avx2,
    Avx512,
}

#[cfg(target_arch = "x86_64")]
static LEVEL: std::sync::OnceLock<Level> = std::sync::OnceLock::new();

/// The level that this process uses: the best that the CPU supports, unless limited.
#[cfg(target_arch = "x86_64")]
pub(crate) fn level() -> Level {
    *LEVEL.get_or_init(found)
}

/// Limits this process to vectors of `bits`, 128, 256 or 512, as in older CPUs and browsers, for
/// measurements. Returns false if a kernel has already run, or on other architectures.
#[must_use]
pub fn limit_vectors(bits: u64) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        let most = match bits {
            ..256 => Level::Least,
            256..512 => Level::Avx2,
            512.. => Level::Avx512,
        };
        LEVEL.set(found().min(most)).is_ok()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = bits;
        false
    }
}

/// Whether kernels and products round once per multiplication and addition (AVX2 with FMA, AVX-512, relaxed SIMD
/// of browsers, NEON) or twice (128-bit vectors of x86-64, and browsers without relaxed SIMD). On x86-64, all levels
/// with fused operations give the same bits.
pub fn has_fused_operations() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        level() != Level::Least
    }
    #[cfg(target_arch = "wasm32")]
    {
        crate::has_strip_product()
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
    {
        true
    }
}

/// The best level that this CPU supports.
#[cfg(target_arch = "x86_64")]
fn found() -> Level {
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    match (avx512 && avx2 && cfg!(feature = "x86-v4"), avx2) {
        (true, _) => Level::Avx512,
        (false, true) => Level::Avx2,
        (false, false) => Level::Least,
    }
}
