//! Random numbers determined by a seed.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of random numbers.
pub(crate) struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// The stream of `seed`, independent of those with other `purpose`s and `number`s.
    pub(crate) fn new(seed: u64, purpose: u64, number: u64) -> Self {
        let mixed = [purpose, number].into_iter().fold(seed, |state, part| {
            // The finaliser of SplitMix64 between the parts.
            let value = (state ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15))
                .wrapping_add(0x9E37_79B9_7F4A_7C15);
            let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            value ^ (value >> 31)
        });
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `[-bound, bound)`.
    pub(crate) fn within(&mut self, bound: f64) -> f64 {
        (2.0 * self.unit() - 1.0) * bound
    }

    /// A uniform integer below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }
}
