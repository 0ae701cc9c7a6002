//! Dropout masks that are computed on demand instead of stored.

use crate::fresh::Fresh;
use crate::profile::timed;
use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorised;

/// A dropout mask, defined by a hash of the value's index and a key. The backward pass recomputes the mask,
/// and any thread can compute any part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    keys: [u32; 2],
    /// Values whose hash is below it are dropped.
    threshold: u32,
    scale: f32,
}

impl Dropout {
    /// Drops a share `probability` (0 to below 1) of the values and multiplies the others by `1 / (1 −
    /// probability)`.
    pub fn new(seed: u64, probability: f64) -> Self {
        let probability = probability.clamp(0.0, 1.0);
        Self {
            keys: [seed as u32, (seed >> 32) as u32],
            threshold: (probability * 4_294_967_296.0) as u32,
            scale: (1.0 / (1.0 - probability)) as f32,
        }
    }

    /// The parameters as a shader takes them: both keys, the threshold, and the bits of the factor.
    pub fn words(&self) -> [u32; 4] {
        let [first, second] = self.keys;
        [first, second, self.threshold, self.scale.to_bits()]
    }

    /// Factor on the value at index `place`: 0 or `1 / (1 − probability)`.
    #[inline(always)]
    pub fn factor(&self, place: usize) -> f32 {
        if self.hash(place as u32) < self.threshold {
            0.0
        } else {
            self.scale
        }
    }

    /// The finalizer of MurmurHash3 with the constants of the `lowbias32` search (public domain, by C.
    /// Wellons), applied once per key.
    #[inline(always)]
    fn hash(&self, place: u32) -> u32 {
        mix(mix(place ^ self.keys[0]).wrapping_add(self.keys[1]))
    }

    /// The whole mask of `count` values.
    pub fn mask(&self, count: usize) -> Vec<f32> {
        let mut mask = vec![1.0; count];
        drop_values(&mut mask, *self, 0);
        mask
    }

    /// `input` multiplied by the mask; the gradient uses the same function.
    pub fn apply(&self, input: &[f32]) -> Vec<f32> {
        let _timed = timed("dropout");
        let mut output = Fresh::new(input.len());
        let length = block_rows(1);
        let blocks = output.blocks(length).zip(input.chunks(length)).enumerate();
        each_block(input.len(), blocks, |(block, (output, input))| {
            drop_values(output.copied(input), *self, block * length);
        });
        output.into_values()
    }
}

vectorised! {
    /// `values ← drop(values)`, where `first` is the index of the first value.
    pub(crate) fn drop_values(values: &mut [f32], dropout: Dropout, first: usize) {
        for (place, value) in values.iter_mut().enumerate() {
            *value *= dropout.factor(first + place);
        }
    }
}

#[inline(always)]
fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dropped_share_matches_and_seeds_differ() {
        let count = 1 << 20;
        for probability in [0.0, 0.1, 0.5, 0.9] {
            let mask = Dropout::new(7, probability).mask(count);
            let dropped = mask.iter().filter(|&&factor| factor == 0.0).count();
            let share = dropped as f64 / count as f64;
            assert!(
                (share - probability).abs() < 2e-3,
                "{share} of {probability}"
            );
            let mean = mask.iter().map(|&f| f64::from(f)).sum::<f64>() / count as f64;
            assert!((mean - 1.0).abs() < 1e-2);
        }
        let agree = |a: u64, b: u64| {
            let (a, b) = (
                Dropout::new(a, 0.5).mask(count),
                Dropout::new(b, 0.5).mask(count),
            );
            a.iter().zip(&b).filter(|(a, b)| a == b).count() as f64 / count as f64
        };
        for (a, b) in [(1, 2), (1, 1 << 32), (0, 3 << 40)] {
            assert!((agree(a, b) - 0.5).abs() < 5e-3, "seeds {a} and {b}");
        }
    }

    /// Values at any small distance are dropped independently.
    #[test]
    fn nearby_indices_are_independent() {
        let mask = Dropout::new(123_456_789_012, 0.5).mask(1 << 18);
        for distance in [1, 2, 3, 4, 8, 16, 64, 128, 512, 4096] {
            let pairs = mask.len() - distance;
            let both = mask
                .iter()
                .zip(&mask[distance..])
                .filter(|(a, b)| (**a == 0.0) == (**b == 0.0))
                .count();
            let share = both as f64 / pairs as f64;
            assert!((share - 0.5).abs() < 6e-3, "{share} at distance {distance}");
        }
    }

    #[test]
    fn apply_multiplies_by_the_mask() {
        let dropout = Dropout::new(3, 0.3);
        let input: Vec<f32> = (0..40_000).map(|i| i as f32 * 0.1 - 7.0).collect();
        let expected: Vec<f32> = input
            .iter()
            .zip(dropout.mask(input.len()))
            .map(|(input, factor)| input * factor)
            .collect();
        assert_eq!(dropout.apply(&input), expected);
    }
}
