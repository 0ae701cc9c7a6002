//! Output buffers that are initialised block by block, in the cache of the thread that writes the block.
//!
//! Zeroing a large result first costs a single-threaded pass over memory, up to a twentieth of a training
//! step (`cargo xtask bench --profile`).

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A buffer that is not yet initialised.
pub(crate) struct Fresh {
    values: Vec<f32>,
    length: usize,
    /// Number of values initialised so far.
    written: AtomicUsize,
}

/// A block of a [`Fresh`].
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

    /// Blocks of `size` values; the last one may be shorter.
    pub(crate) fn blocks(&mut self, size: usize) -> impl Iterator<Item = FreshBlock<'_>> {
        self.written = AtomicUsize::new(0);
        let written = &self.written;
        self.values.spare_capacity_mut()[..self.length]
            .chunks_mut(size)
            .map(move |values| FreshBlock { values, written })
    }

    /// The values. Panics unless every block was cleared or copied.
    pub(crate) fn into_values(self) -> Vec<f32> {
        let Self {
            mut values,
            length,
            written,
        } = self;
        assert_eq!(written.into_inner(), length, "every block was written");
        #[allow(unsafe_code)]
        // SAFETY: the length is within the capacity. Blocks do not overlap, each counts its values once,
        // and `blocks` resets the count to 0, so that all values are initialised when the count equals the
        // length.
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

    /// Fills the block with zeros.
    pub(crate) fn cleared(self) -> &'a mut [f32] {
        self.written.fetch_add(self.values.len(), Ordering::Relaxed);
        self.values.fill(MaybeUninit::new(0.0));
        #[allow(unsafe_code)]
        // SAFETY: the line above wrote every value.
        unsafe {
            self.values.assume_init_mut()
        }
    }

    /// Fills the block with the values of `from`, which has the same length.
    pub(crate) fn copied(self, from: &[f32]) -> &'a mut [f32] {
        self.written.fetch_add(self.values.len(), Ordering::Relaxed);
        self.values.write_copy_of_slice(from)
    }
}

/// The blocks of `values`, or the same number of empty ones.
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
    fn blocks_fill_the_buffer() {
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
    fn an_uninitialised_block_panics() {
        let mut fresh = Fresh::new(7);
        for _ in 0..2 {
            if let Some(block) = fresh.blocks(4).next() {
                block.cleared();
            }
        }
        fresh.into_values();
    }
}
