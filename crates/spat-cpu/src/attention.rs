//! Self-attention over query, key and value rows: scores, softmax, connection mask, dropout and the product
//! with the values. Heads are addressed by stride, not copied into separate matrices.

use crate::dropout::Dropout;
use crate::fresh::Fresh;
use crate::product::{View, ViewMut};
use crate::profile::timed;
use crate::small_product::{Small, small_product};
use crate::softmax::softmax;
use crate::sums::{LANES, sum_of, total};
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// Minimum number of values per block of samples.
const BLOCK: usize = 1 << 12;

/// Multiplications per head below which plain loops are faster than a packed matrix product.
const FEW: usize = 1 << 14;

/// Sizes of a self-attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionShape {
    /// B.
    pub samples: usize,
    /// L.
    pub tokens: usize,
    /// H.
    pub heads: usize,
    /// Columns of a head.
    pub head_width: usize,
}

/// The connection mask M on the attention maps.
#[derive(Debug, Clone, Copy)]
pub enum Connections<'a> {
    /// `[H, L, L]`, the same for every sample.
    Shared(&'a [f32]),
    /// `[B, H, L, L]`.
    PerSample(&'a [f32]),
}

/// Outputs of [`attend`].
#[derive(Debug, Clone, PartialEq)]
pub struct Attended {
    /// `drop(M ⊙ A) V` of all heads side by side, `[B · L, H · w]`.
    pub context: Vec<f32>,
    /// The attention maps A, `[B, H, L, L]`.
    pub maps: Vec<f32>,
}

/// Gradients of the inputs of [`attend`].
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionGradients {
    /// With respect to queries, keys and values, side by side.
    pub projections: Vec<f32>,
    /// The sensitivity `S = ∂L/∂M`, in the shape of the mask; `None` without a mask.
    pub connections: Option<Vec<f32>>,
}

impl AttentionShape {
    /// Columns of the rows.
    fn width(&self) -> usize {
        self.heads * self.head_width
    }

    /// Values of a sample's context.
    fn rows(&self) -> usize {
        self.tokens * self.width()
    }

    /// Values of a head's map.
    fn map(&self) -> usize {
        self.tokens * self.tokens
    }

    /// Values of a sample's maps.
    fn maps(&self) -> usize {
        self.heads * self.map()
    }

    /// Samples of a block.
    fn block(&self) -> usize {
        (BLOCK / (self.rows() + self.maps()).max(1)).max(1)
    }

    /// Total work of all blocks, in units of one pass over a value.
    fn work(&self) -> usize {
        self.samples * (3 * self.rows() + self.maps() * self.head_width.div_ceil(4))
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_width as f32).sqrt()
    }
}

impl<'a> Connections<'a> {
    /// The mask of one head.
    fn head(&self, shape: &AttentionShape, sample: usize, head: usize) -> &'a [f32] {
        let (mask, place) = match self {
            Self::Shared(mask) => (mask, head),
            Self::PerSample(mask) => (mask, sample * shape.heads + head),
        };
        &mask[place * shape.map()..][..shape.map()]
    }
}

/// `drop(M ⊙ softmax(Q Kᵀ / √w)) V`. Each row of `projections`, `[B · L, 3 · H · w]`, is a token's query,
/// key and value of all heads.
pub fn attend(
    projections: &[f32],
    shape: &AttentionShape,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> Attended {
    let _timed = timed("attention");
    let mut context = Fresh::new(shape.samples * shape.rows());
    let mut maps = Fresh::new(shape.samples * shape.maps());
    let samples = shape.block();
    let blocks = context
        .blocks(samples * shape.rows())
        .zip(maps.blocks(samples * shape.maps()))
        .zip(projections.chunks(samples * 3 * shape.rows()))
        .enumerate();
    each_block(
        shape.work(),
        blocks,
        |(block, ((context, maps), projections))| {
            let first = block * samples;
            attend_samples(
                projections,
                shape,
                connections,
                dropout,
                first,
                context.cleared(),
                maps.cleared(),
            );
        },
    );
    Attended {
        context: context.into_values(),
        maps: maps.into_values(),
    }
}

vectorised! {
    /// [`attend`] for a range of samples that starts at number `first`.
    fn attend_samples(
        projections: &[f32],
        shape: &AttentionShape,
        connections: Option<Connections<'_>>,
        dropout: Option<Dropout>,
        first: usize,
        context: &mut [f32],
        maps: &mut [f32],
    ) {
        let mut room = Scratch::new(shape);
        for (place, map) in maps.chunks_exact_mut(shape.map()).enumerate() {
            let (sample, head) = (place / shape.heads, place % shape.heads);
            let rows = Rows::new(shape, sample, head);
            rows.dots(projections, QUERY, projections, KEY, &mut room.map, &mut room.turned);
            for (row, map) in room
                .map
                .chunks_exact_mut(rows.padded)
                .zip(map.chunks_exact_mut(shape.tokens))
            {
                softmax(row, shape.tokens, shape.scale());
                map.copy_from_slice(&row[..shape.tokens]);
            }
            let mask = connections.map(|mask| mask.head(shape, first + sample, head));
            let start = ((first + sample) * shape.heads + head) * shape.map();
            let connected = if mask.is_none() && dropout.is_none() {
                &room.map
            } else {
                room.connect(shape.tokens, mask, dropout, start);
                &room.kept
            };
            rows.combine(connected, false, projections, VALUE, context, ONE);
        }
    }
}

/// The backward pass of [`attend`], from `gradient = ∂L/∂context` and the attention maps.
pub fn attend_backward(
    projections: &[f32],
    maps: &[f32],
    gradient: &[f32],
    shape: &AttentionShape,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> AttentionGradients {
    let _timed = timed("attention, backward");
    let mut of = Fresh::new(projections.len());
    let samples = shape.block();
    let blocks = of
        .blocks(samples * 3 * shape.rows())
        .zip(projections.chunks(samples * 3 * shape.rows()))
        .zip(maps.chunks(samples * shape.maps()))
        .zip(gradient.chunks(samples * shape.rows()))
        .enumerate();
    let sensitivities = each_block(
        2 * shape.work(),
        blocks,
        |(block, (((of, projections), maps), gradient))| {
            let mut sensitivity = match connections {
                None => Vec::new(),
                Some(Connections::Shared(_)) => vec![0.0; shape.maps()],
                Some(Connections::PerSample(_)) => vec![0.0; maps.len()],
            };
            let first = block * samples;
            attend_samples_backward(
                projections,
                maps,
                gradient,
                shape,
                connections,
                dropout,
                first,
                of.cleared(),
                &mut sensitivity,
            );
            sensitivity
        },
    );
    AttentionGradients {
        projections: of.into_values(),
        connections: connections.map(|connections| match connections {
            Connections::Shared(_) => total(sensitivities, shape.maps()),
            Connections::PerSample(_) => sensitivities.concat(),
        }),
    }
}

vectorised! {
    /// [`attend_backward`] for a range of samples that starts at number `first`.
    fn attend_samples_backward(
        projections: &[f32],
        maps: &[f32],
        gradient: &[f32],
        shape: &AttentionShape,
        connections: Option<Connections<'_>>,
        dropout: Option<Dropout>,
        first: usize,
        of: &mut [f32],
        sensitivity: &mut [f32],
    ) {
        let mut room = Scratch::new(shape);
        let tokens = shape.tokens;
        for (place, map) in maps.chunks_exact(shape.map()).enumerate() {
            let (sample, head) = (place / shape.heads, place % shape.heads);
            let rows = Rows::new(shape, sample, head);
            let mask = connections.map(|mask| mask.head(shape, first + sample, head));
            let start = ((first + sample) * shape.heads + head) * shape.map();
            for (row, map) in room
                .map
                .chunks_exact_mut(rows.padded)
                .zip(map.chunks_exact(tokens))
            {
                row[..tokens].copy_from_slice(map);
            }
            room.connect(tokens, mask, dropout, start);
            rows.combine(&room.kept, true, gradient, ONE, of, VALUE);

            // The gradient of drop(M ⊙ A), then of M ⊙ A, then of A, then of the scores.
            rows.dots(gradient, ONE, projections, VALUE, &mut room.of_map, &mut room.turned);
            if dropout.is_some() {
                for (of_map, factor) in room.of_map.iter_mut().zip(&room.factors) {
                    *of_map *= factor;
                }
            }
            if let Some(mask) = mask {
                let place = match connections {
                    Some(Connections::Shared(_)) => head,
                    _ => place,
                };
                let sensitivity = &mut sensitivity[place * shape.map()..];
                let of_rows = room.of_map.chunks_exact_mut(rows.padded);
                for (((s, of_map), map), mask) in sensitivity
                    .chunks_exact_mut(tokens)
                    .zip(of_rows)
                    .zip(map.chunks_exact(tokens))
                    .zip(mask.chunks_exact(tokens))
                {
                    for (((s, of_map), map), mask) in s.iter_mut().zip(of_map).zip(map).zip(mask) {
                        *s += *of_map * map;
                        *of_map *= mask;
                    }
                }
            }
            softmax_backward(&mut room.of_map, &room.map, rows.padded, shape.scale());
            rows.combine(&room.of_map, false, projections, KEY, of, QUERY);
            rows.combine(&room.of_map, true, projections, QUERY, of, KEY);
        }
    }
}

/// Scratch memory of a block, reused for every head. Rows of maps are zero-padded to whole vectors.
struct Scratch {
    /// A of a head.
    map: Vec<f32>,
    /// `drop(M ⊙ A)`.
    kept: Vec<f32>,
    /// The dropout factors.
    factors: Vec<f32>,
    /// The gradient of A, and its intermediate values.
    of_map: Vec<f32>,
    /// Rows of a head, transposed.
    turned: Vec<f32>,
}

impl Scratch {
    fn new(shape: &AttentionShape) -> Self {
        let map = || vec![0.0; shape.tokens * shape.tokens.next_multiple_of(LANES)];
        Self {
            map: map(),
            kept: map(),
            factors: map(),
            of_map: map(),
            turned: Vec::new(),
        }
    }

    /// `kept ← drop(M ⊙ A)`, and the dropout factors.
    #[inline(always)]
    fn connect(
        &mut self,
        tokens: usize,
        mask: Option<&[f32]>,
        dropout: Option<Dropout>,
        start: usize,
    ) {
        self.kept.copy_from_slice(&self.map);
        let padded = tokens.next_multiple_of(LANES);
        if let Some(mask) = mask {
            let rows = self.kept.chunks_exact_mut(padded);
            for (kept, mask) in rows.zip(mask.chunks_exact(tokens)) {
                for (kept, mask) in kept.iter_mut().zip(mask) {
                    *kept *= mask;
                }
            }
        }
        if let Some(dropout) = dropout {
            let rows = self.kept.chunks_exact_mut(padded);
            for (row, (kept, factors)) in
                rows.zip(self.factors.chunks_exact_mut(padded)).enumerate()
            {
                let start = start + row * tokens;
                for (place, (kept, factor)) in kept.iter_mut().zip(factors).enumerate() {
                    *factor = dropout.factor(start + place);
                    *kept *= *factor;
                }
            }
        }
    }
}

/// `∂L/∂scores = A ⊙ (∂L/∂A − rowsum(A ⊙ ∂L/∂A)) · scale`, in place of `∂L/∂A`.
#[inline(always)]
fn softmax_backward(of_map: &mut [f32], map: &[f32], padded: usize, scale: f32) {
    for (of_map, map) in of_map
        .chunks_exact_mut(padded)
        .zip(map.chunks_exact(padded))
    {
        let along = sum_of(of_map, map, |of_map, map| of_map * map);
        for (of_map, map) in of_map.iter_mut().zip(map) {
            *of_map = map * (*of_map - along) * scale;
        }
    }
}

/// Selects one of several parts of a row: projections hold three side by side.
#[derive(Clone, Copy)]
struct Part {
    number: usize,
    of: usize,
}

const QUERY: Part = Part { number: 0, of: 3 };
const KEY: Part = Part { number: 1, of: 3 };
const VALUE: Part = Part { number: 2, of: 3 };
const ONE: Part = Part { number: 0, of: 1 };

/// The rows of one head of one sample, within matrices that hold all heads side by side.
struct Rows {
    sample: usize,
    /// Offset of the head's first column within a part.
    column: usize,
    tokens: usize,
    /// Columns of a map's rows.
    padded: usize,
    head_width: usize,
    width: usize,
}

impl Rows {
    #[inline(always)]
    fn new(shape: &AttentionShape, sample: usize, head: usize) -> Self {
        Self {
            sample,
            column: head * shape.head_width,
            tokens: shape.tokens,
            padded: shape.tokens.next_multiple_of(LANES),
            head_width: shape.head_width,
            width: shape.width(),
        }
    }

    #[inline(always)]
    fn is_small(&self) -> bool {
        self.tokens * self.tokens * self.head_width <= FEW
    }

    /// Offset of the head's first row, and the distance between rows.
    #[inline(always)]
    fn place(&self, part: Part) -> (usize, usize) {
        let row = part.of * self.width;
        (
            self.sample * self.tokens * row + part.number * self.width + self.column,
            row,
        )
    }

    #[inline(always)]
    fn small<'a>(&self, all: &'a [f32], part: Part) -> Small<'a> {
        let (start, row) = self.place(part);
        Small {
            values: &all[start..],
            row,
            column: 1,
        }
    }

    fn view<'a>(&self, all: &'a [f32], part: Part) -> View<'a> {
        let (start, row) = self.place(part);
        View::strided(&all[start..], self.tokens, self.head_width, row)
    }

    /// `map ← a bᵀ`, its rows padded with zeros.
    #[inline(always)]
    fn dots(
        &self,
        a: &[f32],
        a_part: Part,
        b: &[f32],
        b_part: Part,
        map: &mut [f32],
        turned: &mut Vec<f32>,
    ) {
        if !self.is_small() {
            let map = ViewMut::strided(map, self.tokens, self.tokens, self.padded);
            return map.set(1.0, self.view(a, a_part), self.view(b, b_part).transposed());
        }
        // bᵀ, with rows of whole vectors.
        turned.resize(self.head_width * self.padded, 0.0);
        let b = self.small(b, b_part);
        for token in 0..self.tokens {
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
    fn combine(
        &self,
        map: &[f32],
        transposed: bool,
        rows: &[f32],
        part: Part,
        out: &mut [f32],
        out_part: Part,
    ) {
        let (start, out_row) = self.place(out_part);
        let out = &mut out[start..];
        if !self.is_small() {
            let map = View::strided(map, self.tokens, self.tokens, self.padded);
            let map = if transposed { map.transposed() } else { map };
            return ViewMut::strided(out, self.tokens, self.head_width, out_row).set(
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
        let rows = self.small(rows, part);
        small_product(
            out,
            out_row,
            map,
            rows,
            self.tokens,
            self.tokens,
            self.head_width,
        );
    }
}
