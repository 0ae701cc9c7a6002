//! Self-attention between query, key and value rows: scores, softmax, connection mask, dropout and the
//! product with the values, head by head, without moving heads into matrices of their own.

use crate::dropout::Dropout;
use crate::product::{View, ViewMut};
use crate::softmax::softmax;
use crate::sums::{sum_of, total};
use crate::threads::each_block;
use crate::vectorise::vectorise;

/// Values that one block of samples touches at least.
const BLOCK: usize = 1 << 13;

/// Multiplications of one head below which loops beat the packing of a matrix product.
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

/// What [`attend`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Attended {
    /// `drop(M ⊙ A) V` of all heads side by side, `[B · L, H · w]`.
    pub context: Vec<f32>,
    /// The attention maps A, `[B, H, L, L]`.
    pub maps: Vec<f32>,
}

/// Gradients of [`attend`]'s inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionGradients {
    /// Of the queries.
    pub query: Vec<f32>,
    /// Of the keys.
    pub key: Vec<f32>,
    /// Of the values.
    pub value: Vec<f32>,
    /// The sensitivity `S = ∂L/∂M`, in the shape of the mask, where there is one.
    pub connections: Option<Vec<f32>>,
}

impl AttentionShape {
    /// Columns of the rows.
    fn width(&self) -> usize {
        self.heads * self.head_width
    }

    /// Values of a sample's rows.
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

    /// Values that all blocks touch.
    fn values(&self) -> usize {
        // A map's entry costs a product over the head's width, so it weighs more than one value.
        self.samples * (self.rows() + self.maps() * self.head_width.div_ceil(8))
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

/// `drop(M ⊙ softmax(Q Kᵀ / √w)) V`, where `query`, `key` and `value` are `[B · L, H · w]`.
pub fn attend(
    query: &[f32],
    key: &[f32],
    value: &[f32],
    shape: &AttentionShape,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> Attended {
    let mut attended = Attended {
        context: vec![0.0; shape.samples * shape.rows()],
        maps: vec![0.0; shape.samples * shape.maps()],
    };
    let samples = shape.block();
    let blocks = attended
        .context
        .chunks_mut(samples * shape.rows())
        .zip(attended.maps.chunks_mut(samples * shape.maps()))
        .enumerate();
    each_block(shape.values(), blocks, |(block, (context, maps))| {
        let mut kept = vec![0.0; shape.map()];
        vectorise(|| {
            for (place, map) in maps.chunks_exact_mut(shape.map()).enumerate() {
                let (sample, head) = (block * samples + place / shape.heads, place % shape.heads);
                let rows = Rows::new(shape, sample, head);
                rows.dots(query, key, map);
                for row in map.chunks_exact_mut(shape.tokens) {
                    softmax(row, shape.scale());
                }
                let connected = if connections.is_none() && dropout.is_none() {
                    &*map
                } else {
                    let mask = connections.map(|mask| mask.head(shape, sample, head));
                    let first = (sample * shape.heads + head) * shape.map();
                    connect(&mut kept, map, mask, dropout, first);
                    &kept
                };
                let out = &mut context[place / shape.heads * shape.rows()..];
                rows.combine(connected, value, out);
            }
        });
    });
    attended
}

/// `kept ← drop(M ⊙ A)`.
#[inline(always)]
fn connect(
    kept: &mut [f32],
    map: &[f32],
    mask: Option<&[f32]>,
    dropout: Option<Dropout>,
    first: usize,
) {
    match mask {
        Some(mask) => {
            for ((kept, map), mask) in kept.iter_mut().zip(map).zip(mask) {
                *kept = map * mask;
            }
        }
        None => kept.copy_from_slice(map),
    }
    if let Some(dropout) = dropout {
        for (place, kept) in kept.iter_mut().enumerate() {
            *kept *= dropout.factor(first + place);
        }
    }
}

/// The backward pass of [`attend`], from `gradient = ∂L/∂context` and the maps that it gave.
#[expect(
    clippy::too_many_arguments,
    reason = "the inputs of the forward pass, and its gradient"
)]
pub fn attend_backward(
    query: &[f32],
    key: &[f32],
    value: &[f32],
    maps: &[f32],
    gradient: &[f32],
    shape: &AttentionShape,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> AttentionGradients {
    let count = shape.samples * shape.rows();
    let mut of = AttentionGradients {
        query: vec![0.0; count],
        key: vec![0.0; count],
        value: vec![0.0; count],
        connections: None,
    };
    let samples = shape.block();
    let rows = samples * shape.rows();
    let blocks = of
        .query
        .chunks_mut(rows)
        .zip(of.key.chunks_mut(rows))
        .zip(of.value.chunks_mut(rows))
        .enumerate();
    let sensitivities = each_block(
        shape.values(),
        blocks,
        |(block, ((of_query, of_key), of_value))| {
            let in_block = of_query.len() / shape.rows();
            let mut sensitivity = match connections {
                None => Vec::new(),
                Some(Connections::Shared(_)) => vec![0.0; shape.maps()],
                Some(Connections::PerSample(_)) => vec![0.0; in_block * shape.maps()],
            };
            let (mut kept, mut of_map) = (vec![0.0; shape.map()], vec![0.0; shape.map()]);
            vectorise(|| {
                for place in 0..in_block * shape.heads {
                    let (sample, head) =
                        (block * samples + place / shape.heads, place % shape.heads);
                    let first = (sample * shape.heads + head) * shape.map();
                    let map = &maps[first..first + shape.map()];
                    let mask = connections.map(|mask| mask.head(shape, sample, head));
                    let rows = Rows::new(shape, sample, head);
                    let start = place / shape.heads * shape.rows();

                    connect(&mut kept, map, mask, dropout, first);
                    rows.combine_transposed(&kept, gradient, &mut of_value[start..]);

                    // The gradient of drop(M ⊙ A), then of M ⊙ A, then of A.
                    rows.dots(gradient, value, &mut of_map);
                    if let Some(dropout) = dropout {
                        for (place, of_map) in of_map.iter_mut().enumerate() {
                            *of_map *= dropout.factor(first + place);
                        }
                    }
                    if let Some(mask) = mask {
                        let place = match connections {
                            Some(Connections::Shared(_)) => head,
                            _ => place,
                        };
                        let sensitivity = &mut sensitivity[place * shape.map()..];
                        for (((s, of_map), map), mask) in
                            sensitivity.iter_mut().zip(&mut of_map).zip(map).zip(mask)
                        {
                            *s += *of_map * map;
                            *of_map *= mask;
                        }
                    }
                    softmax_backward(&mut of_map, map, shape);
                    rows.combine(&of_map, key, &mut of_query[start..]);
                    rows.combine_transposed(&of_map, query, &mut of_key[start..]);
                }
            });
            sensitivity
        },
    );
    of.connections = connections.map(|connections| match connections {
        Connections::Shared(_) => total(sensitivities, shape.maps()),
        Connections::PerSample(_) => sensitivities.concat(),
    });
    of
}

/// `∂L/∂scores = A ⊙ (∂L/∂A − rowsum(A ⊙ ∂L/∂A)) / √w`, in place of `∂L/∂A`.
#[inline(always)]
fn softmax_backward(of_map: &mut [f32], map: &[f32], shape: &AttentionShape) {
    let scale = shape.scale();
    for (of_map, map) in of_map
        .chunks_exact_mut(shape.tokens)
        .zip(map.chunks_exact(shape.tokens))
    {
        let along = sum_of(shape.tokens, |place| of_map[place] * map[place]);
        for (of_map, map) in of_map.iter_mut().zip(map) {
            *of_map = map * (*of_map - along) * scale;
        }
    }
}

/// The rows of one head of one sample, in matrices of all heads side by side.
struct Rows {
    /// Of the sample's first value of the head, in a matrix of all samples.
    start: usize,
    /// Of the head's first column in a row.
    column: usize,
    tokens: usize,
    head_width: usize,
    width: usize,
}

impl Rows {
    fn new(shape: &AttentionShape, sample: usize, head: usize) -> Self {
        let column = head * shape.head_width;
        Self {
            start: sample * shape.rows() + column,
            column,
            tokens: shape.tokens,
            head_width: shape.head_width,
            width: shape.width(),
        }
    }

    fn is_small(&self) -> bool {
        self.tokens * self.tokens * self.head_width <= FEW
    }

    #[inline(always)]
    fn row<'a>(&self, all: &'a [f32], token: usize) -> &'a [f32] {
        &all[self.start + token * self.width..][..self.head_width]
    }

    fn view<'a>(&self, all: &'a [f32]) -> View<'a> {
        View::strided(&all[self.start..], self.tokens, self.head_width, self.width)
    }

    /// `map ← a bᵀ`.
    #[inline(always)]
    fn dots(&self, a: &[f32], b: &[f32], map: &mut [f32]) {
        if !self.is_small() {
            let map = ViewMut::new(map, self.tokens, self.tokens);
            return map.set(1.0, self.view(a), self.view(b).transposed());
        }
        for (i, map) in map.chunks_exact_mut(self.tokens).enumerate() {
            let a = self.row(a, i);
            for (j, value) in map.iter_mut().enumerate() {
                let b = self.row(b, j);
                *value = sum_of(self.head_width, |place| a[place] * b[place]);
            }
        }
    }

    /// `out ← map rows`, where `out` starts with the sample's first row.
    #[inline(always)]
    fn combine(&self, map: &[f32], rows: &[f32], out: &mut [f32]) {
        if !self.is_small() {
            let map = View::new(map, self.tokens, self.tokens);
            return self.out(out).set(1.0, map, self.view(rows));
        }
        for (i, map) in map.chunks_exact(self.tokens).enumerate() {
            let out = &mut out[i * self.width + self.column..][..self.head_width];
            for (j, &weight) in map.iter().enumerate() {
                add_scaled(out, weight, self.row(rows, j));
            }
        }
    }

    /// `out ← mapᵀ rows`.
    #[inline(always)]
    fn combine_transposed(&self, map: &[f32], rows: &[f32], out: &mut [f32]) {
        if !self.is_small() {
            let map = View::new(map, self.tokens, self.tokens).transposed();
            return self.out(out).set(1.0, map, self.view(rows));
        }
        for (i, map) in map.chunks_exact(self.tokens).enumerate() {
            let row = self.row(rows, i);
            for (j, &weight) in map.iter().enumerate() {
                let out = &mut out[j * self.width + self.column..][..self.head_width];
                add_scaled(out, weight, row);
            }
        }
    }

    fn out<'a>(&self, out: &'a mut [f32]) -> ViewMut<'a> {
        ViewMut::strided(
            &mut out[self.column..],
            self.tokens,
            self.head_width,
            self.width,
        )
    }
}

/// `out ← out + weight · row`.
#[inline(always)]
fn add_scaled(out: &mut [f32], weight: f32, row: &[f32]) {
    for (out, row) in out.iter_mut().zip(row) {
        *out += weight * row;
    }
}
