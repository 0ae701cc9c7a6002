//! Dispersion of the softmax of each row of sensitivities, computed in a few passes while the row is in
//! cache.

use crate::elementary::expm1;
use crate::profile::timed;
use crate::sums::{LANES, largest, sum_of};
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// Values per block; the spread of each block is computed separately.
const BLOCK: usize = 1 << 12;

/// Cost of a value in units of one pass over a value.
const PER_VALUE: usize = 4;

/// Mean and spread of values, in units of their largest magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// Number of finite values.
    pub count: f32,
    /// Their largest magnitude; the unit of the other fields.
    pub scale: f32,
    /// Mean.
    pub mean: f32,
    /// Sum of squared deviations from the mean.
    pub squares: f32,
}

/// Shape of the maps, and options of the measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Rows per segment; a segment is one head of one sample.
    pub rows: usize,
    /// Values per row.
    pub keys: usize,
    /// Rows per block, whose deviations are summed; the last block of a segment may be shorter.
    pub rows_per_block: usize,
    /// Factor on a sensitivity before the softmax, as two factors.
    pub unit: [f32; 2],
    /// Whether absolute values are used.
    pub absolute: bool,
    /// Whether standard deviations divide by n − 1.
    pub unbiased: bool,
    /// Whether row i of a segment has the keys 0 to i only. The others are ignored.
    pub causal: bool,
    /// Whether the deviation of a row is multiplied by its share of the keys.
    pub by_length: bool,
}

impl Dispersion {
    /// Number of keys that row `row` of a segment has.
    #[inline(always)]
    fn keys_of(&self, row: usize) -> usize {
        if self.causal {
            self.keys.min(row + 1)
        } else {
            self.keys
        }
    }

    /// Factor on the deviation of a row of `keys` keys.
    #[inline(always)]
    fn share(&self, keys: usize) -> f32 {
        if self.by_length {
            keys as f32 / self.keys as f32
        } else {
            1.0
        }
    }
}

/// The spread of each block of values, to be merged.
pub fn spreads(values: &[f32], absolute: bool) -> Vec<Spread> {
    let _timed = timed("spread of sensitivities");
    each_block(values.len() * 2, values.chunks(BLOCK), |block| {
        spread(block, absolute)
    })
}

/// For each block of rows, the sum of the standard deviations of `softmax(unit · row)` and the number of
/// non-finite values, which are skipped. `values` is `[segments, rows, keys]`; blocks are ordered by
/// segment.
pub fn disperse_rows(values: &[f32], dispersion: &Dispersion) -> Vec<[f32; 2]> {
    let _timed = timed("dispersion of sensitivities");
    let Dispersion { rows, keys, .. } = *dispersion;
    if rows == 0 || keys == 0 {
        return Vec::new();
    }
    let of_segment = rows * keys;
    let segments = (BLOCK / of_segment).max(1);
    each_block(
        values.len() * PER_VALUE,
        values.chunks(segments * of_segment),
        |some| disperse_segments(some, dispersion),
    )
    .concat()
}

/// The exponent bits: all set in NaN and infinity.
const EXPONENT: u32 = 0x7f80_0000;

/// Mask of the bits to keep of a value: all, or all but the sign.
#[inline(always)]
fn kept_bits(absolute: bool) -> u32 {
    if absolute { !(1 << 31) } else { !0 }
}

#[inline(always)]
fn is_number(value: f32) -> bool {
    value.to_bits() & EXPONENT != EXPONENT
}

vectorised! {
    fn spread(values: &[f32], absolute: bool) -> Spread {
        // Compares magnitudes by their bit patterns: integer maxima may be computed in any order.
        let (mut count, mut largest) = (0_u32, 0_u32);
        for value in values {
            let magnitude = value.to_bits() & !(1 << 31);
            let is_number = magnitude < EXPONENT;
            count += u32::from(is_number);
            largest = largest.max(if is_number { magnitude } else { 0 });
        }
        let count = count as f32;
        let scale = f32::from_bits(largest);
        if scale == 0.0 {
            return Spread { count, ..Spread::default() };
        }
        let kept = kept_bits(absolute);
        let scaled = |value: f32| f32::from_bits(value.to_bits() & kept) / scale;
        let mean = sum_of(values, values, |value, _| {
            if is_number(value) { scaled(value) } else { 0.0 }
        }) / count;
        let squares = sum_of(values, values, |value, _| {
            let deviation = scaled(value) - mean;
            if is_number(value) { deviation * deviation } else { 0.0 }
        });
        Spread { count, scale, mean, squares }
    }
}

vectorised! {
    fn disperse_segments(values: &[f32], dispersion: &Dispersion) -> Vec<[f32; 2]> {
        let keys = dispersion.keys;
        let mut room = vec![0.0; keys.next_multiple_of(LANES)];
        let mut sums = Vec::new();
        for segment in values.chunks(dispersion.rows * keys) {
            for (block, values) in segment.chunks(dispersion.rows_per_block * keys).enumerate() {
                let first = block * dispersion.rows_per_block;
                let (mut deviations, mut missing) = (0.0_f64, 0);
                for (place, row) in values.chunks(keys).enumerate() {
                    let row = &row[..dispersion.keys_of(first + place)];
                    let count = numbers(row, dispersion.absolute, &mut room);
                    missing += row.len() - count;
                    if count > 0 {
                        let of_row = deviation(&mut room, count, dispersion);
                        deviations += f64::from(of_row * dispersion.share(row.len()));
                    }
                }
                sums.push([deviations as f32, missing as f32]);
            }
        }
        sums
    }
}

/// Copies the finite values of the row to the front of `room` and returns their number.
#[inline(always)]
fn numbers(row: &[f32], absolute: bool, room: &mut [f32]) -> usize {
    let kept = kept_bits(absolute);
    let mut missing = 0_u32;
    for (place, value) in room.iter_mut().zip(row) {
        *place = f32::from_bits(value.to_bits() & kept);
        missing += u32::from(!is_number(*value));
    }
    if missing == 0 {
        return row.len();
    }
    let mut count = 0;
    for value in row.iter().filter(|value| is_number(**value)) {
        room[count] = f32::from_bits(value.to_bits() & kept);
        count += 1;
    }
    count
}

/// Standard deviation of the softmax of the first `count` values of `room`, computed relative to the
/// largest: with `d = exp(u (s − max)) − 1` it is `std(d) / Σ (1 + d)`, which stays accurate for nearly
/// equal values.
#[inline(always)]
fn deviation(room: &mut [f32], count: usize, dispersion: &Dispersion) -> f32 {
    let first = room[0];
    room[count..].fill(first);
    let largest = largest(room);
    let [a, b] = dispersion.unit;
    for value in &mut *room {
        *value = expm1((*value - largest) * a * b);
    }
    let room = &room[..count];
    let total = sum_of(room, room, |d, _| 1.0 + d);
    let mean = sum_of(room, room, |d, _| d) / count as f32;
    let squares = sum_of(room, room, |d, _| (d - mean) * (d - mean));
    let divisor = (count - usize::from(dispersion.unbiased)).max(1) as f32;
    (squares / divisor).sqrt() / total
}
