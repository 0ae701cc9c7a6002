//! A transposed copy, so that a product reads it row by row.

use crate::fresh::Fresh;
use crate::threads::each_block;

/// Side of the square tiles that are transposed at a time, within cache.
const SIDE: usize = 16;

/// The transposed matrix of `[rows × columns]`.
pub(crate) fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = Fresh::new(matrix.len());
    let blocks = turned.blocks(SIDE * rows.max(1)).enumerate();
    each_block(matrix.len(), blocks, |(block, turned)| {
        let turned = turned.cleared();
        let first = block * SIDE;
        let width = turned.len() / rows;
        for start in (0..rows).step_by(SIDE) {
            let end = (start + SIDE).min(rows);
            for row in start..end {
                let values = &matrix[row * columns + first..][..width];
                for (column, value) in values.iter().enumerate() {
                    turned[column * rows + row] = *value;
                }
            }
        }
    });
    turned.into_values()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_value_is_at_its_transposed_index() {
        for (rows, columns) in [(1, 1), (3, 50), (17, 16), (130, 97)] {
            let matrix: Vec<f32> = (0..rows * columns).map(|place| place as f32).collect();
            let turned = super::transposed(&matrix, rows, columns);
            for (place, value) in turned.iter().enumerate() {
                assert_eq!(*value, matrix[place % rows * columns + place / rows]);
            }
        }
    }
}
