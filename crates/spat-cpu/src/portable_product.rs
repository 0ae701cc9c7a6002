//! A matrix product in plain Rust, for WebAssembly: `gemm` reaches three fifths of the throughput of
//! 128-bit vectors in a browser, this version nearly all of it.
//!
//! Both matrices are packed into strips that the inner loop reads sequentially. [`set_strip_product`]
//! replaces that loop by one with instructions that only some browsers support.

use std::sync::OnceLock;

/// Rows and columns of the output per tile. A tile fills eight of sixteen vector registers; with twelve,
/// browser compilers spill.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Tiles of sums from two strips: `sums[t][i][j] = Σ_d a[t][d][i] · b[d][j]`, where t < `tiles`,
/// d < `depth`, i < 4 and j < 8.
pub type StripProduct =
    unsafe extern "C" fn(a: *const f32, b: *const f32, sums: *mut f32, depth: usize, tiles: usize);

static STRIP_PRODUCT: OnceLock<StripProduct> = OnceLock::new();

/// Replaces the inner loop of every following product by `faster`. Returns false, without effect, if it was
/// replaced before.
///
/// # Safety
///
/// `faster` reads `4 · depth · tiles` values at `a` and `8 · depth` at `b`, writes the `32 · tiles` values
/// at `sums`, and touches nothing else.
#[allow(unsafe_code)]
pub unsafe fn set_strip_product(faster: StripProduct) -> bool {
    STRIP_PRODUCT.set(faster).is_ok()
}

/// Whether [`set_strip_product`] was called.
pub fn has_strip_product() -> bool {
    STRIP_PRODUCT.get().is_some()
}

/// A matrix within a slice: the entry (i, j) is at `i · row_step + j · column_step`.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
}

/// `c ← factor · a b`, where rows of `c` are `c_row` values apart.
pub(crate) fn product(c: &mut [f32], c_row: usize, factor: f32, a: Strided<'_>, b: Strided<'_>) {
    let depth = a.columns;
    if depth == 0 {
        for row in 0..a.rows {
            c[row * c_row..][..b.columns].fill(0.0);
        }
        return;
    }
    let mut a_strips = vec![0.0; a.rows.next_multiple_of(ROWS) * depth];
    for first in (0..a.rows).step_by(ROWS) {
        let strip = &mut a_strips[first * depth..][..ROWS * depth];
        let width = ROWS.min(a.rows - first);
        fill::<ROWS>(
            strip,
            &a.values[first * a.row_step..],
            a.column_step,
            a.row_step,
            width,
        );
    }
    let mut strip = vec![0.0; COLUMNS * depth];
    let mut sums = vec![0.0; a.rows.next_multiple_of(ROWS) * COLUMNS];
    for first in (0..b.columns).step_by(COLUMNS) {
        let width = COLUMNS.min(b.columns - first);
        if width < COLUMNS {
            strip.fill(0.0);
        }
        let values = &b.values[first * b.column_step..];
        fill::<COLUMNS>(&mut strip, values, b.row_step, b.column_step, width);
        strip_product(&a_strips, &strip, &mut sums);
        for (row, sums) in sums
            .as_chunks::<COLUMNS>()
            .0
            .iter()
            .enumerate()
            .take(a.rows)
        {
            let place = row * c_row + first;
            for (c, sum) in c[place..place + width].iter_mut().zip(sums) {
                *c = factor * sum;
            }
        }
    }
}

/// The tiles of a strip of columns, `[tiles · 4 × 8]`, from the strips of `a` and one of `b`.
#[allow(unsafe_code)]
fn strip_product(a: &[f32], b: &[f32], sums: &mut [f32]) {
    let (depth, tiles) = (b.len() / COLUMNS, sums.len() / (ROWS * COLUMNS));
    assert_eq!(a.len(), ROWS * depth * tiles);
    if let Some(faster) = STRIP_PRODUCT.get() {
        // SAFETY: the three slices have the lengths that `set_strip_product` requires.
        unsafe { faster(a.as_ptr(), b.as_ptr(), sums.as_mut_ptr(), depth, tiles) };
        return;
    }
    let strips = a.chunks_exact(ROWS * depth);
    for (strip, sums) in strips.zip(sums.as_chunks_mut::<COLUMNS>().0.chunks_exact_mut(ROWS)) {
        sums.copy_from_slice(&tile(strip, b));
    }
}

/// Fills a strip: for each depth, `width` values at distance `step`; depths are `depth_step` apart.
#[inline(always)]
fn fill<const WIDTH: usize>(
    strip: &mut [f32],
    values: &[f32],
    depth_step: usize,
    step: usize,
    width: usize,
) {
    for (depth, strip) in strip.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
        let values = &values[depth * depth_step..];
        if step == 1 && width == WIDTH {
            strip.copy_from_slice(&values[..WIDTH]);
        } else {
            for (place, value) in strip.iter_mut().take(width).enumerate() {
                *value = values[place * step];
            }
        }
    }
}

#[inline(always)]
fn tile(a: &[f32], b: &[f32]) -> [[f32; COLUMNS]; ROWS] {
    let mut sums = [[0.0; COLUMNS]; ROWS];
    for (a, b) in a
        .as_chunks::<ROWS>()
        .0
        .iter()
        .zip(b.as_chunks::<COLUMNS>().0)
    {
        for (sums, a) in sums.iter_mut().zip(a) {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum += a * b;
            }
        }
    }
    sums
}
