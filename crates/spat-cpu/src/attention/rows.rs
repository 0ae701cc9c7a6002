//! Rows of one head, addressed within matrices that hold all heads side by side.

use crate::product::{View, ViewMut};
use crate::small_product::{Small, small_product};
use crate::sums::LANES;

use super::Sizes;

/// Multiplications per head below which plain loops are faster than a packed matrix product.
const FEW: usize = 1 << 14;

/// Selects a matrix: one of several side by side in one of the inputs.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Number of the input.
    input: usize,
    /// Number of the matrix within the input's rows.
    number: usize,
    /// Number of matrices side by side.
    of: usize,
    /// Whether its rows are the keys' and not the queries'.
    of_keys: bool,
}

/// Where queries, keys and values are.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) query: Part,
    pub(super) key: Part,
    pub(super) value: Part,
}

pub(super) const CONTEXT: Part = Part {
    input: 0,
    number: 0,
    of: 1,
    of_keys: false,
};

/// Projections hold all three side by side.
pub(super) const SELF: Layout = Layout {
    query: Part { of: 3, ..CONTEXT },
    key: Part {
        number: 1,
        of: 3,
        of_keys: true,
        ..CONTEXT
    },
    value: Part {
        number: 2,
        of: 3,
        of_keys: true,
        ..CONTEXT
    },
};

/// Three inputs.
pub(super) const MEMORY: Layout = Layout {
    query: CONTEXT,
    key: Part {
        input: 1,
        of_keys: true,
        ..CONTEXT
    },
    value: Part {
        input: 2,
        of_keys: true,
        ..CONTEXT
    },
};

/// The rows of one head of one sample, within matrices that hold all heads side by side.
pub(super) struct Rows {
    sample: usize,
    /// Offset of the head's first column within a part.
    column: usize,
    tokens: usize,
    keys: usize,
    /// Columns of a map's rows.
    pub(super) padded: usize,
    head_width: usize,
    width: usize,
}

impl Rows {
    #[inline(always)]
    pub(super) fn new(sizes: &Sizes, sample: usize, head: usize) -> Self {
        Self {
            sample,
            column: head * sizes.head_width,
            tokens: sizes.tokens,
            keys: sizes.keys,
            padded: sizes.keys.next_multiple_of(LANES),
            head_width: sizes.head_width,
            width: sizes.width(),
        }
    }

    #[inline(always)]
    fn is_small(&self) -> bool {
        self.tokens * self.keys * self.head_width <= FEW
    }

    /// Rows of the matrix.
    #[inline(always)]
    fn count(&self, part: Part) -> usize {
        if part.of_keys { self.keys } else { self.tokens }
    }

    /// Offset of the head's first row, and the distance between rows.
    #[inline(always)]
    fn place(&self, part: Part) -> (usize, usize) {
        let row = part.of * self.width;
        (
            self.sample * self.count(part) * row + part.number * self.width + self.column,
            row,
        )
    }

    #[inline(always)]
    fn small<'a>(&self, all: &[&'a [f32]], part: Part) -> Small<'a> {
        let (start, row) = self.place(part);
        Small {
            values: &all[part.input][start..],
            row,
            column: 1,
        }
    }

    fn view<'a>(&self, all: &[&'a [f32]], part: Part) -> View<'a> {
        let (start, row) = self.place(part);
        let values = &all[part.input][start..];
        View::strided(values, self.count(part), self.head_width, row)
    }

    /// `map ← a bᵀ`, its rows padded with zeros; `b` has the keys' rows.
    #[inline(always)]
    pub(super) fn dots(
        &self,
        a: &[&[f32]],
        a_part: Part,
        b: &[&[f32]],
        b_part: Part,
        map: &mut [f32],
        turned: &mut Vec<f32>,
    ) {
        if !self.is_small() {
            let map = ViewMut::strided(map, self.tokens, self.keys, self.padded);
            return map.set(1.0, self.view(a, a_part), self.view(b, b_part).transposed());
        }
        // bᵀ, with rows of whole vectors.
        turned.resize(self.head_width * self.padded, 0.0);
        let b = self.small(b, b_part);
        for token in 0..self.keys {
            let row = &b.values[token * b.row..][..self.head_width];
            for (column, value) in row.iter().enumerate() {
                turned[column * self.padded + token] = *value;
            }
        }
        let turned = Small {
            values: turned,
            row: self.padded,
            column: 1,
        };
        let a = self.small(a, a_part);
        small_product(
            map,
            self.padded,
            a,
            turned,
            self.tokens,
            self.head_width,
            self.padded,
        );
    }

    /// `out ← map rows`, or `out ← mapᵀ rows`.
    #[inline(always)]
    pub(super) fn combine(
        &self,
        map: &[f32],
        transposed: bool,
        rows: &[&[f32]],
        part: Part,
        out: &mut [&mut [f32]],
        out_part: Part,
    ) {
        let (start, out_row) = self.place(out_part);
        let out = &mut out[out_part.input][start..];
        let count = self.count(out_part);
        if !self.is_small() {
            let map = View::strided(map, self.tokens, self.keys, self.padded);
            let map = if transposed { map.transposed() } else { map };
            return ViewMut::strided(out, count, self.head_width, out_row).set(
                1.0,
                map,
                self.view(rows, part),
            );
        }
        let (row, column) = if transposed {
            (1, self.padded)
        } else {
            (self.padded, 1)
        };
        let map = Small {
            values: map,
            row,
            column,
        };
        let depth = self.count(part);
        let rows = self.small(rows, part);
        small_product(out, out_row, map, rows, count, depth, self.head_width);
    }
}
