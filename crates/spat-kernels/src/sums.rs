//! Sums of the rows of a matrix, in an order that the shape alone decides.

use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorise;

/// Entry by entry, the sum of the rows of `width` values.
pub(crate) fn sum_rows(values: &[f32], width: usize) -> Vec<f32> {
    let rows = block_rows(width);
    let partial = each_block(values.len(), values.chunks(rows * width), |block| {
        let mut sum = vec![0.0; width];
        vectorise(|| {
            for row in block.chunks_exact(width) {
                add(&mut sum, row);
            }
        });
        sum
    });
    total(partial, width)
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

/// Numbers summed side by side in a row's sum: as many as the widest vector holds.
pub(crate) const LANES: usize = 16;

/// `Σ f(i)` over `0..length` in `LANES` sums side by side.
#[inline(always)]
pub(crate) fn sum_of(length: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let whole = length / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(start + lane);
        }
    }
    for place in whole..length {
        lanes[place - whole] += f(place);
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
