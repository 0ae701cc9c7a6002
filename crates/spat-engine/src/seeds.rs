//! Independent streams of randomness from one seed.

use spat_spec::Phase;

/// Purpose of a stream. Streams of different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Initial weights.
    Weights,
    /// The order of windows in an epoch.
    Order,
    /// The dropout masks of a step.
    Dropout,
    /// The draws of a scorer.
    Scorer,
}

/// A seed for `purpose` in `phase`, number `number` (an epoch or a step).
///
/// A draw depends on the experiment's seed and its own position alone, so a resumed run draws the same
/// numbers as an uninterrupted one.
pub(crate) fn seed_for(seed: u64, phase: Phase, purpose: Purpose, number: usize) -> u64 {
    [phase as u64, purpose as u64, number as u64]
        .into_iter()
        .fold(mix(seed), |state, part| {
            mix(state ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        })
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
