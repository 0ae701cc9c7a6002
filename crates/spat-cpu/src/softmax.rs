//! Softmax of a row, in place.

use crate::elementary::exp;
use crate::sums::{largest, sum_of};

/// `row ← softmax(factor · row)` of its first `length` values, for a factor above 0; zeros after them.
/// The row is as long as whole vectors.
#[inline(always)]
pub(crate) fn softmax(row: &mut [f32], length: usize, factor: f32) {
    row[length..].fill(f32::NEG_INFINITY);
    // NaN stays in the row and meets the sum below.
    let largest = largest(row);
    for value in &mut *row {
        *value = exp((*value - largest) * factor);
    }
    row[length..].fill(0.0);
    let inverse = 1.0 / sum_of(row, row, |value, _| value);
    for value in row {
        *value *= inverse;
    }
}
