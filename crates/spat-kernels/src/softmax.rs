//! Softmax of a row, in place.

use crate::elementary::exp;
use crate::sums::sum_of;

/// `row ← softmax(factor · row)`, for a factor above 0.
#[inline(always)]
pub(crate) fn softmax(row: &mut [f32], factor: f32) {
    let mut greatest = f32::NEG_INFINITY;
    for &value in &*row {
        // Written so that NaN stays in the row and meets the sum below.
        greatest = if value > greatest { value } else { greatest };
    }
    for value in &mut *row {
        *value = exp((*value - greatest) * factor);
    }
    let inverse = 1.0 / sum_of(row.len(), |place| row[place]);
    for value in row {
        *value *= inverse;
    }
}
