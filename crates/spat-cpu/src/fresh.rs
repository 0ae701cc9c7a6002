//! Memory that is cleared by whoever fills it, block by block, in the cache of the thread that will write it.
//!
//! To clear a large result first costs a pass over memory on one thread, which is up to a twentieth of a
//! training step (`cargo xtask bench --profile`).

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Values that nobody has written yet.
pub(crate) struct Fresh {
    values: Vec<f32>,
    length: usize,
    /// How many of them have been written.
    written: AtomicUsize,
}

/// A block of them.
pub(crate) struct FreshBlock<'a> {
    values: &'a mut [MaybeUninit<f32>],
    written: &'a AtomicUsize,
}

impl Fresh {
    pub(crate) fn new(length: usize) -> Self {
        Self {
            values: Vec::with_capacity(length),
            length,
            written: AtomicUsize::new(0),
        }
    }

    /// Blocks of `size` values, the last one of what is left.
    pub(crate) fn blocks(&mut self, size: usize) -> impl Iterator<Item = FreshBlock<'_>> {
        self.written = AtomicUsize::new(0);
        let written = &self.written;
        self.values.spare_capacity_mut()[..self.length]
            .chunks_mut(size)
            .map(move |values| FreshBlock { values, written })
    }

    /// The values, when each block was cleared or copied.
    pub(crate) fn into_values(self) -> Vec<f32> {
        let Self {
            mut values,
            length,
            written,
        } = self;
        assert_eq!(written.into_inner(), length, "every block was written");
        #[allow(unsafe_code)]
        // SAFETY: within the capacity; blocks do not overlap and count what they write once, from 0 for
        // each cut into blocks, so that all values have been written when the count is the length.
        unsafe {
            values.set_len(length);
        }
        values
    }
}

impl<'a> FreshBlock<'a> {
    /// A block without values.
    pub(crate) fn empty() -> Self {
        static NONE: AtomicUsize = AtomicUsize::new(0);
        Self {
            values: &mut [],
            written: &NONE,
        }
    }

    /// The block, all zeros.
    pub(crate) fn cleared(self) -> &'a mut [f32] {
        self.written.fetch_add(self.values.len(), Ordering::Relaxed);
        self.values.fill(MaybeUninit::new(0.0));
        #[allow(unsafe_code)]
        // SAFETY: the line above wrote every value.
        unsafe {
            self.values.assume_init_mut()
        }
    }

    /// The block with the values of another of its length.
    pub(crate) fn copied(self, from: &[f32]) -> &'a mut [f32] {
        self.written.fetch_add(self.values.len(), Ordering::Relaxed);
        self.values.write_copy_of_slice(from)
    }
}

/// The blocks of `values`, or as many empty ones as `count` values have.
pub(crate) fn blocks_or_empty(
    values: Option<&mut Fresh>,
    count: usize,
    size: usize,
) -> Vec<FreshBlock<'_>> {
    match values {
        Some(values) => values.blocks(size).collect(),
        None => (0..count.div_ceil(size))
            .map(|_| FreshBlock::empty())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_one() {
        let mut fresh = Fresh::new(7);
        for (number, block) in fresh.blocks(3).enumerate() {
            match number {
                0 => block.copied(&[1.0, 2.0, 3.0]).len(),
                _ => block.cleared().len(),
            };
        }
        assert_eq!(fresh.into_values(), [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(Fresh::new(0).into_values(), []);
    }

    #[test]
    #[should_panic(expected = "every block was written")]
    fn what_was_not_written_is_never_seen() {
        let mut fresh = Fresh::new(7);
        for _ in 0..2 {
            if let Some(block) = fresh.blocks(4).next() {
                block.cleared();
            }
        }
        fresh.into_values();
    }
}
