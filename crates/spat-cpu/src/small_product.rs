//! Products of matrices too small for packing to pay off.

/// Columns and rows of the output held in registers together.
const COLUMNS: usize = 16;
const ROWS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };

/// A matrix within a slice: the entry (i, j) is at `i · row + j · column`.
#[derive(Clone, Copy)]
pub(crate) struct Small<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// `out ← a b`: `out` is `[rows × columns]` with rows `out_row` apart, `a` `[rows × depth]`, and `b`
/// `[depth × columns]` with contiguous columns.
#[inline(always)]
pub(crate) fn small_product(
    out: &mut [f32],
    out_row: usize,
    a: Small<'_>,
    b: Small<'_>,
    rows: usize,
    depth: usize,
    columns: usize,
) {
    let mut column = 0;
    while column + COLUMNS <= columns {
        let mut row = 0;
        while row + ROWS <= rows {
            tile::<ROWS>(out, out_row, a, b, row, column, depth);
            row += ROWS;
        }
        while row < rows {
            tile::<1>(out, out_row, a, b, row, column, depth);
            row += 1;
        }
        column += COLUMNS;
    }
    for row in 0..rows {
        for column in column..columns {
            let mut sum = 0.0;
            for place in 0..depth {
                sum += a.values[row * a.row + place * a.column] * b.values[place * b.row + column];
            }
            out[row * out_row + column] = sum;
        }
    }
}

#[inline(always)]
fn tile<const R: usize>(
    out: &mut [f32],
    out_row: usize,
    a: Small<'_>,
    b: Small<'_>,
    row: usize,
    column: usize,
    depth: usize,
) {
    let mut sums = [[0.0_f32; COLUMNS]; R];
    for place in 0..depth {
        let Some((values, _)) = b.values[place * b.row + column..].split_first_chunk::<COLUMNS>()
        else {
            return;
        };
        for (i, sums) in sums.iter_mut().enumerate() {
            let factor = a.values[(row + i) * a.row + place * a.column];
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += factor * value;
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        out[(row + i) * out_row + column..][..COLUMNS].copy_from_slice(sums);
    }
}
