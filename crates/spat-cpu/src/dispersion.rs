//! How uneven the softmax of each row of sensitivities is, in a few passes over a row while it lies in
//! the cache.

use crate::elementary::expm1;
use crate::profile::timed;
use crate::sums::{LANES, largest, sum_of};
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// Values of a block whose spread is measured by itself.
const BLOCK: usize = 1 << 12;

/// What a value costs in units of passing over one.
const PER_VALUE: usize = 4;

/// Mean and spread of values, in units of the largest magnitude among them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// Values that are numbers.
    pub count: f32,
    /// Their largest magnitude; the unit of what follows.
    pub scale: f32,
    /// Mean.
    pub mean: f32,
    /// Sum of squared deviations from the mean.
    pub squares: f32,
}

/// Rows of maps, and what is measured of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Rows of a segment, which is one head of one sample.
    pub rows: usize,
    /// Values of a row.
    pub keys: usize,
    /// Rows whose deviations are summed; the last rows of a segment may be fewer.
    pub rows_per_block: usize,
    /// What multiplies a sensitivity before the softmax, as two factors.
    pub unit: [f32; 2],
    /// Absolute values.
    pub absolute: bool,
    /// Standard deviations over n − 1.
    pub unbiased: bool,
}

/// The spreads of blocks of values, to be merged.
pub fn spreads(values: &[f32], absolute: bool) -> Vec<Spread> {
    let _timed = timed("spread of sensitivities");
    each_block(values.len() * 2, values.chunks(BLOCK), |block| {
        spread(block, absolute)
    })
}

/// For each block of rows the sum of the standard deviations of `softmax(unit · row)`, and how many
/// values were no numbers, which are left out. `values` is `[segments, rows, keys]`; blocks come segment
/// by segment.
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

/// The exponent's bits: all set in what is no number.
const EXPONENT: u32 = 0x7f80_0000;

/// The bits that stay of a value whose magnitude may be all that counts.
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
        // By their bits, whose order is that of magnitudes: whole numbers may be taken in any order.
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
            for block in segment.chunks(dispersion.rows_per_block * keys) {
                let (mut deviations, mut missing) = (0.0_f64, 0);
                for row in block.chunks(keys) {
                    let count = numbers(row, dispersion.absolute, &mut room);
                    missing += keys - count;
                    if count > 0 {
                        deviations += f64::from(deviation(&mut room, count, dispersion));
                    }
                }
                sums.push([deviations as f32, missing as f32]);
            }
        }
        sums
    }
}

/// The row's numbers, to the front of `room`; how many they are.
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

/// The standard deviation of the softmax of the first `count` values of `room`, seen from the largest:
/// with `d = exp(u (s − max)) − 1` it is `std(d) / Σ (1 + d)`, which keeps its digits where all are nearly
/// equal.
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
