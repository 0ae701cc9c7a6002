//! CPU reference of `shaders/disperse_rows.wgsl`.

use crate::reference::RowSum;
use crate::reference::exponentials::{Exponentials, Unit};
use crate::reference::moments::Moments;
use crate::task::{Task, VALUES};

/// Standard deviations of softmax rows, summed over the rows of each block.
pub fn disperse_rows(sensitivity: &[f32], partials: &[Moments], task: &Task) -> Vec<RowSum> {
    let unit = module_unit(partials, task);
    let mut sums = Vec::with_capacity(task.sums() as usize);
    let keys = task.keys as usize;
    for segment in sensitivity.chunks(task.rows as usize * keys) {
        let mut number = 0;
        for block in segment.chunks(task.rows_per_block as usize * keys) {
            // In f64: this is one sequential sum, where a workgroup adds in parts.
            let mut deviations = 0.0_f64;
            let mut sum = [0.0, 0.0];
            for row in block.chunks(keys) {
                let row = &row[..task.keys_of(number)];
                number += 1;
                let mut own = Exponentials::default();
                for tile in row.chunks(VALUES as usize) {
                    own = own.merged(tile_exponentials(tile, unit, task, &mut sum), unit);
                }
                if own.count > 0.0 {
                    let share = if task.weighs_by_length() {
                        row.len() as f32 / keys as f32
                    } else {
                        1.0
                    };
                    deviations += f64::from(own.deviation(task.unbiased) * share);
                }
            }
            sums.push([deviations as f32, sum[1]]);
        }
    }
    sums
}

fn tile_exponentials(tile: &[f32], unit: Unit, task: &Task, sum: &mut RowSum) -> Exponentials {
    let mut values = [0.0; VALUES as usize];
    let mut count = 0;
    for &value in tile {
        let value = if task.absolute { value.abs() } else { value };
        if value.is_finite() {
            values[count] = value;
            count += 1;
        } else {
            sum[1] += 1.0;
        }
    }
    Exponentials::of(&mut values[..count], unit)
}

/// Magnitudes below this have no f32 reciprocal, and some devices flush them to 0.
const SMALLEST: f32 = 4.0 * f32::MIN_POSITIVE;

/// Factor on a sensitivity, from the partial moments of the module.
pub(crate) fn module_unit(partials: &[Moments], task: &Task) -> [f32; 2] {
    if task.partials == 0 {
        return [task.factor, 1.0];
    }
    let whole = partials
        .iter()
        .fold(Moments::default(), |whole, &part| whole.merged(part));
    if whole.count == 0.0 || whole.scale < SMALLEST {
        return [0.0, 0.0];
    }
    let deviation = (whole.squares / whole.count).sqrt();
    [1.0 / whole.scale, 1.0 / deviation.max(1e-6)]
}
