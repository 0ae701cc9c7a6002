//! Softmax of a row, in place.

use crate::elementary::exp;
use crate::sums::{largest, sum_of};

/// `row ← softmax(factor · row)` of the first `length` values, for a factor above 0; the rest becomes 0.
/// The length of the row is a multiple of the vector width.
#[inline(always)]
pub(crate) fn softmax(row: &mut [f32], length: usize, factor: f32) {
    row[length..].fill(f32::NEG_INFINITY);
    // NaN stays in the row and propagates through the sum below.
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
