//! Matrix products of views, by the `gemm` crate.

use crate::threads::worthwhile;

/// Multiplications below which a product stays on the calling thread.
const FEW: usize = 1 << 20;

/// A view of a matrix in a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    values: &'a [f32],
    place: Place,
}

/// A view that is written.
#[derive(Debug)]
pub(crate) struct ViewMut<'a> {
    values: &'a mut [f32],
    place: Place,
}

/// Where a matrix lies in a slice: the entry (i, j) at `i · row_step + j · column_step`.
#[derive(Debug, Clone, Copy)]
struct Place {
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl Place {
    fn new(length: usize, rows: usize, columns: usize, row_step: usize) -> Self {
        // What makes the product's pointers sound: the last entry lies in the slice.
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

    /// Rows that lie `row_step` values apart.
    pub(crate) fn strided(values: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        Self {
            place: Place::new(values.len(), rows, columns, row_step),
            values,
        }
    }

    /// The transposed matrix, without moving a value.
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

    /// Rows that lie `row_step` values apart; what lies between them stays.
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

    /// `self ← factor · a b`.
    pub(crate) fn set(self, factor: f32, a: View<'_>, b: View<'_>) {
        self.run(false, factor, a, b);
    }

    /// `self ← self + a b`.
    pub(crate) fn add(self, a: View<'_>, b: View<'_>) {
        self.run(true, 1.0, a, b);
    }

    #[allow(unsafe_code)]
    fn run(self, add: bool, factor: f32, a: View<'_>, b: View<'_>) {
        let (m, k, n) = (a.place.rows, a.place.columns, b.place.columns);
        assert_eq!(
            (k, m, n),
            (b.place.rows, self.place.rows, self.place.columns)
        );
        // SAFETY: every entry of the three matrices lies in its slice (`Place::new`), the written one
        // is borrowed exclusively, and its entries do not overlap (`ViewMut::strided`).
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                self.values.as_mut_ptr(),
                self.place.column_step as isize,
                self.place.row_step as isize,
                add,
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
                parallelism(m * k * n),
            );
        }
    }
}

#[cfg(feature = "threads")]
fn parallelism(multiplications: usize) -> gemm::Parallelism {
    // Inside a task of the pool the other threads have tasks of their own.
    if multiplications >= FEW && worthwhile(usize::MAX) && rayon::current_thread_index().is_none() {
        gemm::Parallelism::Rayon(0)
    } else {
        gemm::Parallelism::None
    }
}

#[cfg(not(feature = "threads"))]
fn parallelism(multiplications: usize) -> gemm::Parallelism {
    let _ = multiplications >= FEW && worthwhile(usize::MAX);
    gemm::Parallelism::None
}
