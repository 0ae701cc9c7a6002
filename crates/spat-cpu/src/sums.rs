//! Sums and maxima of matrix rows, in an order that follows from the shape alone.

use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorised;

/// Element-wise sum of rows of `width` values.
pub(crate) fn sum_rows(values: &[f32], width: usize) -> Vec<f32> {
    let rows = block_rows(width);
    let partial = each_block(values.len(), values.chunks(rows * width), |block| {
        let mut sum = vec![0.0; width];
        add_rows(&mut sum, block);
        sum
    });
    total(partial, width)
}

vectorised! {
    /// `sum ← sum + Σ rows`.
    pub(crate) fn add_rows(sum: &mut [f32], rows: &[f32]) {
        for row in rows.chunks_exact(sum.len()) {
            add(sum, row);
        }
    }
}

/// The sum of the blocks' sums.
pub(crate) fn total(partial: Vec<Vec<f32>>, width: usize) -> Vec<f32> {
    let mut partial = partial.into_iter();
    let mut total = partial.next().unwrap_or_else(|| vec![0.0; width]);
    for sum in partial {
        add(&mut total, &sum);
    }
    total
}

#[inline(always)]
pub(crate) fn add(sum: &mut [f32], row: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}

/// Parallel accumulators of a row's sum: as many as the widest vector holds.
pub(crate) const LANES: usize = 16;

/// `Σ f(a, b)` over pairs of values, in `LANES` parallel accumulators.
#[inline(always)]
pub(crate) fn sum_of(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (a_whole, a_rest) = a.as_chunks::<LANES>();
    let (b_whole, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for lane in 0..LANES {
            lanes[lane] += f(a[lane], b[lane]);
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += f(*a, *b);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The largest value of a row whose length is a multiple of the vector width. NaN is skipped unless it is
/// first.
#[inline(always)]
pub(crate) fn largest(row: &[f32]) -> f32 {
    let greater = |a: f32, b: f32| if b > a { b } else { a };
    let first = row.first().copied().unwrap_or_default();
    let mut lanes = [first; LANES];
    for values in row.as_chunks::<LANES>().0 {
        for (largest, value) in lanes.iter_mut().zip(values) {
            *largest = greater(*largest, *value);
        }
    }
    lanes.into_iter().fold(first, greater)
}
