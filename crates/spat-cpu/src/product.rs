//! Matrix products of strided views, by the `gemm` crate or, with 128-bit vectors, by the portable version,
//! and the division of large products into blocks.
//!
//! `gemm` is as fast for 48 rows of the output as for all of them, if the right matrix is row-major and
//! fits in a core's cache. Large products are therefore divided into blocks of rows: for threads, and so
//! that the operation after a product finds its rows in cache. Block bounds follow from the shapes, so the
//! order of summation does not depend on the number of threads.

use crate::fresh::Fresh;
use crate::sums::total;
use crate::threads::each_block;

/// Rows of the output per block: the smallest number at full speed.
#[cfg(not(target_arch = "wasm32"))]
const ROWS: usize = 48;

/// Rows of the output per block where each block copies the right matrix: enough to amortise the copy.
#[cfg(target_arch = "wasm32")]
const ROWS: usize = 192;

/// Size of a right matrix that fits in a core's cache, read again for each block.
const CACHED: usize = 1 << 19;

/// Number of blocks of a product with a larger right matrix, where each block packs it piece by piece: few,
/// but enough for the threads of most machines.
const FEW_BLOCKS: usize = 8;

/// Rows per block of a product with `rows` rows, where the right matrix has `right` values.
pub(crate) fn rows_of_block(rows: usize, right: usize) -> usize {
    if right <= CACHED {
        ROWS
    } else {
        // `gemm` packs from three of its tiles on.
        rows.div_ceil(FEW_BLOCKS)
            .next_multiple_of(ROWS)
            .max(3 * ROWS)
    }
}

/// Multiplications that take as long as one pass over a value.
const PER_VALUE: usize = 16;

/// Whether vectors have 128 bits, for which the portable product is faster: CPUs without AVX2, and every
/// browser.
#[cfg(not(target_arch = "wasm32"))]
fn narrow() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        crate::vectorise::level() == crate::vectorise::Level::Least
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// A view of a matrix within a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    values: &'a [f32],
    place: Place,
}

/// A mutable view.
#[derive(Debug)]
pub(crate) struct ViewMut<'a> {
    values: &'a mut [f32],
    place: Place,
}

/// Layout of a matrix within a slice: the entry (i, j) is at `i · row_step + j · column_step`.
#[derive(Debug, Clone, Copy)]
struct Place {
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl Place {
    fn new(length: usize, rows: usize, columns: usize, row_step: usize) -> Self {
        // Bounds check for the product's pointers: the last entry is inside the slice.
        assert!(
            rows == 0 || columns == 0 || (rows - 1) * row_step + columns <= length,
            "a matrix of {rows} × {columns} with rows {row_step} apart is longer than {length} values"
        );
        Self {
            rows,
            columns,
            row_step,
            column_step: 1,
        }
    }
}

impl<'a> View<'a> {
    /// A row-major matrix.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// Rows that are `row_step` values apart.
    pub(crate) fn strided(values: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        Self {
            place: Place::new(values.len(), rows, columns, row_step),
            values,
        }
    }

    #[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
    fn parts(self) -> crate::portable_product::Strided<'a> {
        crate::portable_product::Strided {
            values: self.values,
            rows: self.place.rows,
            columns: self.place.columns,
            row_step: self.place.row_step,
            column_step: self.place.column_step,
        }
    }

    /// The transposed view.
    pub(crate) fn transposed(self) -> Self {
        Self {
            place: Place {
                rows: self.place.columns,
                columns: self.place.rows,
                row_step: self.place.column_step,
                column_step: self.place.row_step,
            },
            ..self
        }
    }
}

impl<'a> ViewMut<'a> {
    /// A row-major matrix.
    pub(crate) fn new(values: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// Rows that are `row_step` values apart; values between them are unchanged.
    pub(crate) fn strided(
        values: &'a mut [f32],
        rows: usize,
        columns: usize,
        row_step: usize,
    ) -> Self {
        assert!(row_step >= columns, "rows that overlap cannot be written");
        Self {
            place: Place::new(values.len(), rows, columns, row_step),
            values,
        }
    }

    /// `self ← factor · a b`, on the calling thread.
    #[allow(unsafe_code)]
    pub(crate) fn set(self, factor: f32, a: View<'_>, b: View<'_>) {
        let (m, k, n) = (a.place.rows, a.place.columns, b.place.columns);
        assert_eq!(
            (k, m, n),
            (b.place.rows, self.place.rows, self.place.columns)
        );
        // SAFETY: every entry of the three matrices is inside its slice (`Place::new`), the output is
        // borrowed exclusively, and its entries do not overlap (`ViewMut::strided`).
        #[cfg(not(target_arch = "wasm32"))]
        if !narrow() {
            unsafe {
                gemm::gemm(
                    m,
                    n,
                    k,
                    self.values.as_mut_ptr(),
                    self.place.column_step as isize,
                    self.place.row_step as isize,
                    false,
                    a.values.as_ptr(),
                    a.place.column_step as isize,
                    a.place.row_step as isize,
                    b.values.as_ptr(),
                    b.place.column_step as isize,
                    b.place.row_step as isize,
                    1.0,
                    factor,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                );
            }
            return;
        }
        #[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
        crate::portable_product::product(
            self.values,
            self.place.row_step,
            factor,
            a.parts(),
            b.parts(),
        );
    }
}

/// `product ← a b` in blocks of [`rows_of_block`], where `a` is `[rows × inner]` and `b`
/// `[inner × columns]`.
/// `finish` receives each block of the product mutably, the number of its first row and the block's item of
/// `others`; its return values are collected in order.
pub(crate) fn each_row_block<O: Send, R: Send>(
    product: &mut Fresh,
    a: &[f32],
    b: &[f32],
    inner: usize,
    others: impl Iterator<Item = O>,
    finish: impl Fn(usize, &mut [f32], O) -> R + Send + Sync,
) -> Vec<R> {
    let columns = b.len() / inner;
    let length = rows_of_block(a.len() / inner, b.len());
    let b = View::new(b, inner, columns);
    let work = values(a.len(), columns);
    let blocks = product
        .blocks(length * columns)
        .zip(a.chunks(length * inner))
        .zip(others)
        .enumerate();
    each_block(work, blocks, |(block, ((product, a), other))| {
        let product = product.cleared();
        let rows = a.len() / inner;
        ViewMut::new(product, rows, columns).set(1.0, View::new(a, rows, inner), b);
        finish(block * length, product, other)
    })
}

/// Rows from which, and values of the product up to which, [`transposed_product`] is divided by rows: the product of
/// a narrow matrix is a single block of its own rows, and would be computed on one thread.
const TALL: usize = 1 << 14;
const NARROW: usize = 1 << 10;

/// `aᵀ b` of two matrices with as many rows: `[columns of a × columns of b]`.
pub(crate) fn transposed_product(a: &[f32], b: &[f32], rows: usize) -> Vec<f32> {
    let (m, n) = (a.len() / rows.max(1), b.len() / rows.max(1));
    if rows >= TALL && m * n <= NARROW {
        let length = rows.div_ceil(2 * FEW_BLOCKS);
        let parts = a.chunks(length * m).zip(b.chunks(length * n));
        let partial = each_block(values(a.len(), n), parts, |(a, b)| {
            let rows = a.len() / m;
            let mut part = vec![0.0; m * n];
            let a = View::new(a, rows, m).transposed();
            ViewMut::new(&mut part, m, n).set(1.0, a, View::new(b, rows, n));
            part
        });
        return total(partial, m * n);
    }
    let mut product = Fresh::new(m * n);
    let length = rows_of_block(m, b.len());
    let blocks = product.blocks(length * n.max(1)).enumerate();
    each_block(values(a.len(), n), blocks, |(block, product)| {
        let product = product.cleared();
        let first = block * length;
        let columns = product.len() / n;
        let a = View::strided(&a[first..], rows, columns, m).transposed();
        ViewMut::new(product, columns, n).set(1.0, a, View::new(b, rows, n));
    });
    product.into_values()
}

/// Cost of `count · columns` multiplications in units of one pass over a value.
pub(crate) fn values(count: usize, columns: usize) -> usize {
    count * columns / PER_VALUE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Integers, whose sums are exact in any order.
    #[test]
    fn a_tall_product_equals_the_sum_over_its_rows() {
        let rows = TALL + 5;
        let numbers = |columns: usize, by: usize| -> Vec<f32> {
            (0..rows * columns)
                .map(|place| (place * by % 5) as f32 - 2.0)
                .collect()
        };
        let (a, b) = (numbers(3, 7), numbers(2, 3));
        let mut expected = vec![0.0; 6];
        for (a, b) in a.chunks_exact(3).zip(b.chunks_exact(2)) {
            for (place, sum) in expected.iter_mut().enumerate() {
                *sum += a[place / 2] * b[place % 2];
            }
        }
        assert_eq!(transposed_product(&a, &b, rows), expected);
    }

    /// Compares the portable product with `gemm` in all four layouts.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_portable_product_equals_gemm() {
        for (m, k, n) in [
            (1, 1, 1),
            (4, 8, 8),
            (5, 3, 9),
            (50, 70, 23),
            (48, 128, 128),
            (7, 0, 3),
        ] {
            let numbers = |count: usize, by: usize| -> Vec<f32> {
                (0..count)
                    .map(|place| (place * by % 23) as f32 - 11.0)
                    .collect()
            };
            let (a, b) = (numbers(m * k, 7), numbers(k * n, 5));
            let forms = |rows: usize, columns: usize, values| {
                [
                    View::new(values, rows, columns),
                    View::new(values, columns, rows).transposed(),
                ]
            };
            for a in forms(m, k, &a) {
                for b in forms(k, n, &b) {
                    let (mut fast, mut portable) = (vec![1.0; m * n], vec![1.0; m * n]);
                    ViewMut::new(&mut fast, m, n).set(0.5, a, b);
                    crate::portable_product::product(&mut portable, n, 0.5, a.parts(), b.parts());
                    // Integers: both are exact.
                    assert_eq!(fast, portable, "{m} × {k} × {n}");
                }
            }
        }
    }
}
