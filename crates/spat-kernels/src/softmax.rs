//! Softmax of a row, in place.

use crate::elementary::exp;
use crate::sums::{LANES, sum_of};

/// `row ← softmax(factor · row)` of its first `length` values, for a factor above 0; zeros after them.
/// The row is as long as whole vectors.
#[inline(always)]
pub(crate) fn softmax(row: &mut [f32], length: usize, factor: f32) {
    let (values, rest) = row.split_at_mut(length);
    rest.fill(f32::NEG_INFINITY);
    let least = values.first().copied().unwrap_or_default();
    let mut lanes = [least; LANES];
    for values in row.as_chunks::<LANES>().0 {
        for (greatest, value) in lanes.iter_mut().zip(values) {
            // NaN stays in the row and meets the sum below.
            *greatest = if *value > *greatest {
                *value
            } else {
                *greatest
            };
        }
    }
    let mut greatest = least;
    for value in lanes {
        greatest = if value > greatest { value } else { greatest };
    }
    for value in &mut *row {
        *value = exp((*value - greatest) * factor);
    }
    let rest = &mut row[length..];
    rest.fill(0.0);
    let inverse = 1.0 / sum_of(row, row, |value, _| value);
    for value in row {
        *value *= inverse;
    }
}
