//! Attention over query, key and value rows: scores, softmax, connection mask, dropout and the product
//! with the values. Heads are addressed by stride, not copied into separate matrices.

use crate::dropout::Dropout;
use crate::fresh::{Fresh, FreshBlock};
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

/// Gradients of the inputs of [`attend_memory`].
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryAttentionGradients {
    /// With respect to queries, keys and values.
    pub inputs: [Vec<f32>; 3],
    /// The sensitivity `S = ∂L/∂M`, in the shape of the mask; `None` without a mask.
    pub connections: Option<Vec<f32>>,
}

/// An attention's sizes, its number of keys included.
#[derive(Clone, Copy)]
struct Sizes {
    samples: usize,
    tokens: usize,
    keys: usize,
    heads: usize,
    head_width: usize,
}

impl AttentionShape {
    fn with_keys(&self, keys: usize) -> Sizes {
        Sizes {
            samples: self.samples,
            tokens: self.tokens,
            keys,
            heads: self.heads,
            head_width: self.head_width,
        }
    }
}

impl Sizes {
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
        self.tokens * self.keys
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
        let rows = self.rows() + 2 * self.keys * self.width();
        self.samples * (rows + self.maps() * self.head_width.div_ceil(4))
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_width as f32).sqrt()
    }

    /// The inputs of `count` samples from number `first` on.
    fn samples<'a, const N: usize>(
        &self,
        inputs: [&'a [f32]; N],
        first: usize,
        count: usize,
    ) -> [&'a [f32]; N] {
        inputs.map(|input| {
            let size = input.len() / self.samples;
            &input[first * size..(first + count) * size]
        })
    }
}

impl<'a> Connections<'a> {
    /// The mask of one head.
    fn head(&self, sizes: &Sizes, sample: usize, head: usize) -> &'a [f32] {
        let (mask, place) = match self {
            Self::Shared(mask) => (mask, head),
            Self::PerSample(mask) => (mask, sample * sizes.heads + head),
        };
        &mask[place * sizes.map()..][..sizes.map()]
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
    let sizes = shape.with_keys(shape.tokens);
    attend_inputs([projections], SELF, &sizes, connections, dropout)
}

/// [`attend`] to the `keys` tokens of a memory for each sample: queries `[B · L, H · w]`, keys and values
/// `[B · keys, H · w]`. Maps and masks have rows of `keys` values.
pub fn attend_memory(
    inputs: [&[f32]; 3],
    shape: &AttentionShape,
    keys: usize,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> Attended {
    let _timed = timed("attention to a memory");
    let sizes = shape.with_keys(keys);
    attend_inputs(inputs, MEMORY, &sizes, connections, dropout)
}

fn attend_inputs<const N: usize>(
    inputs: [&[f32]; N],
    layout: Layout,
    sizes: &Sizes,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> Attended {
    let mut context = Fresh::new(sizes.samples * sizes.rows());
    let mut maps = Fresh::new(sizes.samples * sizes.maps());
    let samples = sizes.block();
    let blocks = context
        .blocks(samples * sizes.rows())
        .zip(maps.blocks(samples * sizes.maps()))
        .enumerate();
    each_block(sizes.work(), blocks, |(block, (context, maps))| {
        let first = block * samples;
        let maps = maps.cleared();
        let inputs = sizes.samples(inputs, first, maps.len() / sizes.maps());
        attend_samples(
            &inputs,
            layout,
            sizes,
            connections,
            dropout,
            first,
            context.cleared(),
            maps,
        );
    });
    Attended {
        context: context.into_values(),
        maps: maps.into_values(),
    }
}

vectorised! {
    /// [`attend_inputs`] for a range of samples that starts at number `first`.
    fn attend_samples(
        inputs: &[&[f32]],
        layout: Layout,
        sizes: &Sizes,
        connections: Option<Connections<'_>>,
        dropout: Option<Dropout>,
        first: usize,
        context: &mut [f32],
        maps: &mut [f32],
    ) {
        let mut room = Scratch::new(sizes);
        for (place, map) in maps.chunks_exact_mut(sizes.map()).enumerate() {
            let (sample, head) = (place / sizes.heads, place % sizes.heads);
            let rows = Rows::new(sizes, sample, head);
            let Scratch { map: scores, turned, .. } = &mut room;
            rows.dots(inputs, layout.query, inputs, layout.key, scores, turned);
            for (row, map) in scores
                .chunks_exact_mut(rows.padded)
                .zip(map.chunks_exact_mut(sizes.keys))
            {
                softmax(row, sizes.keys, sizes.scale());
                map.copy_from_slice(&row[..sizes.keys]);
            }
            let mask = connections.map(|mask| mask.head(sizes, first + sample, head));
            let start = ((first + sample) * sizes.heads + head) * sizes.map();
            let connected = if mask.is_none() && dropout.is_none() {
                &room.map
            } else {
                room.connect(sizes.keys, mask, dropout, start);
                &room.kept
            };
            rows.combine(connected, false, inputs, layout.value, &mut [&mut *context], CONTEXT);
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
    let sizes = shape.with_keys(shape.tokens);
    let inputs = [projections];
    let ([projections], connections) =
        attend_inputs_backward(inputs, SELF, maps, gradient, &sizes, connections, dropout);
    AttentionGradients {
        projections,
        connections,
    }
}

/// The backward pass of [`attend_memory`], from `gradient = ∂L/∂context` and the attention maps.
pub fn attend_memory_backward(
    inputs: [&[f32]; 3],
    maps: &[f32],
    gradient: &[f32],
    shape: &AttentionShape,
    keys: usize,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> MemoryAttentionGradients {
    let _timed = timed("attention to a memory, backward");
    let sizes = shape.with_keys(keys);
    let (inputs, connections) =
        attend_inputs_backward(inputs, MEMORY, maps, gradient, &sizes, connections, dropout);
    MemoryAttentionGradients {
        inputs,
        connections,
    }
}

/// Gradients of the inputs and of the mask.
fn attend_inputs_backward<const N: usize>(
    inputs: [&[f32]; N],
    layout: Layout,
    maps: &[f32],
    gradient: &[f32],
    sizes: &Sizes,
    connections: Option<Connections<'_>>,
    dropout: Option<Dropout>,
) -> ([Vec<f32>; N], Option<Vec<f32>>) {
    let samples = sizes.block();
    let mut of = inputs.map(|input| Fresh::new(input.len()));
    let mut parts: Vec<Vec<FreshBlock<'_>>> = Vec::new();
    parts.resize_with(sizes.samples.div_ceil(samples), Vec::new);
    for (of, input) in of.iter_mut().zip(inputs) {
        let blocks = of.blocks(samples * input.len() / sizes.samples);
        for (parts, block) in parts.iter_mut().zip(blocks) {
            parts.push(block);
        }
    }
    let blocks = parts
        .into_iter()
        .zip(maps.chunks(samples * sizes.maps()))
        .zip(gradient.chunks(samples * sizes.rows()))
        .enumerate();
    let sensitivities = each_block(
        2 * sizes.work(),
        blocks,
        |(block, ((of, maps), gradient))| {
            let mut sensitivity = match connections {
                None => Vec::new(),
                Some(Connections::Shared(_)) => vec![0.0; sizes.maps()],
                Some(Connections::PerSample(_)) => vec![0.0; maps.len()],
            };
            let first = block * samples;
            let mut of: Vec<&mut [f32]> = of.into_iter().map(FreshBlock::cleared).collect();
            attend_samples_backward(
                &sizes.samples(inputs, first, maps.len() / sizes.maps()),
                layout,
                maps,
                gradient,
                sizes,
                connections,
                dropout,
                first,
                &mut of,
                &mut sensitivity,
            );
            sensitivity
        },
    );
    let connections = connections.map(|connections| match connections {
        Connections::Shared(_) => total(sensitivities, sizes.maps()),
        Connections::PerSample(_) => sensitivities.concat(),
    });
    (of.map(Fresh::into_values), connections)
}

vectorised! {
    /// [`attend_inputs_backward`] for a range of samples that starts at number `first`.
    fn attend_samples_backward(
        inputs: &[&[f32]],
        layout: Layout,
        maps: &[f32],
        gradient: &[f32],
        sizes: &Sizes,
        connections: Option<Connections<'_>>,
        dropout: Option<Dropout>,
        first: usize,
        of: &mut [&mut [f32]],
        sensitivity: &mut [f32],
    ) {
        let mut room = Scratch::new(sizes);
        let keys = sizes.keys;
        let Layout { query, key, value } = layout;
        for (place, map) in maps.chunks_exact(sizes.map()).enumerate() {
            let (sample, head) = (place / sizes.heads, place % sizes.heads);
            let rows = Rows::new(sizes, sample, head);
            let mask = connections.map(|mask| mask.head(sizes, first + sample, head));
            let start = ((first + sample) * sizes.heads + head) * sizes.map();
            for (row, map) in room
                .map
                .chunks_exact_mut(rows.padded)
                .zip(map.chunks_exact(keys))
            {
                row[..keys].copy_from_slice(map);
            }
            room.connect(keys, mask, dropout, start);
            rows.combine(&room.kept, true, &[gradient], CONTEXT, of, value);

            // The gradient of drop(M ⊙ A), then of M ⊙ A, then of A, then of the scores.
            let Scratch { of_map, turned, .. } = &mut room;
            rows.dots(&[gradient], CONTEXT, inputs, value, of_map, turned);
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
                let sensitivity = &mut sensitivity[place * sizes.map()..];
                let of_rows = room.of_map.chunks_exact_mut(rows.padded);
                for (((s, of_map), map), mask) in sensitivity
                    .chunks_exact_mut(keys)
                    .zip(of_rows)
                    .zip(map.chunks_exact(keys))
                    .zip(mask.chunks_exact(keys))
                {
                    for (((s, of_map), map), mask) in s.iter_mut().zip(of_map).zip(map).zip(mask) {
                        *s += *of_map * map;
                        *of_map *= mask;
                    }
                }
            }
            softmax_backward(&mut room.of_map, &room.map, rows.padded, sizes.scale());
            rows.combine(&room.of_map, false, inputs, key, of, query);
            rows.combine(&room.of_map, true, inputs, query, of, key);
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
    fn new(sizes: &Sizes) -> Self {
        let map = || vec![0.0; sizes.tokens * sizes.keys.next_multiple_of(LANES)];
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
        keys: usize,
        mask: Option<&[f32]>,
        dropout: Option<Dropout>,
        start: usize,
    ) {
        self.kept.copy_from_slice(&self.map);
        let padded = keys.next_multiple_of(LANES);
        if let Some(mask) = mask {
            let rows = self.kept.chunks_exact_mut(padded);
            for (kept, mask) in rows.zip(mask.chunks_exact(keys)) {
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
                let start = start + row * keys;
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

/// Selects a matrix: one of several side by side in one of the inputs.
#[derive(Clone, Copy)]
struct Part {
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
struct Layout {
    query: Part,
    key: Part,
    value: Part,
}

const CONTEXT: Part = Part {
    input: 0,
    number: 0,
    of: 1,
    of_keys: false,
};

/// Projections hold all three side by side.
const SELF: Layout = Layout {
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
const MEMORY: Layout = Layout {
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
struct Rows {
    sample: usize,
    /// Offset of the head's first column within a part.
    column: usize,
    tokens: usize,
    keys: usize,
    /// Columns of a map's rows.
    padded: usize,
    head_width: usize,
    width: usize,
}

impl Rows {
    #[inline(always)]
    fn new(sizes: &Sizes, sample: usize, head: usize) -> Self {
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
    fn dots(
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
    fn combine(
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
