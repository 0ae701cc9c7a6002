//! Attention over query, key and value rows: scores, softmax, connection mask, dropout and the product
//! with the values. Heads are addressed by stride, not copied into separate matrices.

mod pattern;
mod rows;

use crate::dropout::Dropout;
use crate::fresh::{Fresh, FreshBlock};
use crate::profile::timed;
use crate::softmax::softmax;
use crate::sums::{LANES, sum_of, total};
use crate::threads::each_block;
use crate::vectorise::vectorised;

pub use pattern::{AttentionPattern, SparsePattern};
use rows::{CONTEXT, Layout, MEMORY, Rows, SELF};

/// Minimum number of values per block of samples.
const BLOCK: usize = 1 << 12;

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

/// How attention maps are made, and what they are multiplied by.
#[derive(Debug, Clone, Copy, Default)]
pub struct MapOptions<'a> {
    /// Which keys a query attends to.
    pub pattern: AttentionPattern<'a>,
    /// M.
    pub connections: Option<Connections<'a>>,
    /// Of `M ⊙ A`.
    pub dropout: Option<Dropout>,
}

/// Attention maps, as the backward pass needs them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttentionMaps {
    /// A, `[B, H, L, Lk]`.
    pub values: Vec<f32>,
    /// Whether the map's row does not depend on queries and keys, `[B, H, L]`: rows that a sparse pattern does
    /// not select.
    pub is_passive: Vec<bool>,
}

/// Outputs of [`attend`].
#[derive(Debug, Clone, PartialEq)]
pub struct Attended {
    /// `drop(M ⊙ A) V` of all heads side by side, `[B · L, H · w]`.
    pub context: Vec<f32>,
    /// The attention maps.
    pub maps: AttentionMaps,
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

/// `drop(M ⊙ A) V` with `A = softmax(Q Kᵀ / √w)`, or as the pattern requires. Each row of `projections`,
/// `[B · L, 3 · H · w]`, is a token's query, key and value of all heads.
pub fn attend(projections: &[f32], shape: &AttentionShape, options: MapOptions<'_>) -> Attended {
    let _timed = timed("attention");
    let sizes = shape.with_keys(shape.tokens);
    attend_inputs([projections], SELF, &sizes, options)
}

/// [`attend`] to the `keys` tokens of a memory for each sample: queries `[B · L, H · w]`, keys and values
/// `[B · keys, H · w]`. Maps and masks have rows of `keys` values.
pub fn attend_memory(
    inputs: [&[f32]; 3],
    shape: &AttentionShape,
    keys: usize,
    options: MapOptions<'_>,
) -> Attended {
    let _timed = timed("attention to a memory");
    let sizes = shape.with_keys(keys);
    attend_inputs(inputs, MEMORY, &sizes, options)
}

fn attend_inputs<const N: usize>(
    inputs: [&[f32]; N],
    layout: Layout,
    sizes: &Sizes,
    options: MapOptions<'_>,
) -> Attended {
    let mut context = Fresh::new(sizes.samples * sizes.rows());
    let mut maps = Fresh::new(sizes.samples * sizes.maps());
    let queries = sizes.heads * sizes.tokens;
    let mut is_passive = vec![false; sizes.samples * queries];
    let samples = sizes.block();
    let blocks = context
        .blocks(samples * sizes.rows())
        .zip(maps.blocks(samples * sizes.maps()))
        .zip(is_passive.chunks_mut((samples * queries).max(1)))
        .enumerate();
    each_block(
        sizes.work(),
        blocks,
        |(block, ((context, maps), is_passive))| {
            let first = block * samples;
            let maps = maps.cleared();
            let inputs = sizes.samples(inputs, first, maps.len() / sizes.maps());
            attend_samples(
                &inputs,
                layout,
                sizes,
                options,
                first,
                context.cleared(),
                maps,
                is_passive,
            );
        },
    );
    Attended {
        context: context.into_values(),
        maps: AttentionMaps {
            values: maps.into_values(),
            is_passive,
        },
    }
}

vectorised! {
    /// [`attend_inputs`] for a range of samples that starts at number `first`.
    fn attend_samples(
        inputs: &[&[f32]],
        layout: Layout,
        sizes: &Sizes,
        options: MapOptions<'_>,
        first: usize,
        context: &mut [f32],
        maps: &mut [f32],
        is_passive: &mut [bool],
    ) {
        let MapOptions { pattern, connections, dropout } = options;
        let sparse = pattern.sparse();
        let mut room = Scratch::new(sizes);
        for (place, map) in maps.chunks_exact_mut(sizes.map()).enumerate() {
            let (sample, head) = (place / sizes.heads, place % sizes.heads);
            let rows = Rows::new(sizes, sample, head);
            let Scratch { map: scores, turned, .. } = &mut room;
            rows.dots(inputs, layout.query, inputs, layout.key, scores, turned);
            let is_passive = &mut is_passive[place * sizes.tokens..][..sizes.tokens];
            if let Some(sparse) = sparse {
                sparse.select(scores, rows.padded, sizes.keys, is_passive);
            }
            for (query, (row, map)) in scores
                .chunks_exact_mut(rows.padded)
                .zip(map.chunks_exact_mut(sizes.keys))
                .enumerate()
            {
                let keys = pattern.keys_of(query, sizes.keys);
                if is_passive[query] {
                    row.fill(0.0);
                    row[..keys].fill(pattern.passive_weight(sizes.keys));
                } else {
                    softmax(row, keys, sizes.scale());
                }
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

/// The backward pass of [`attend`], from `gradient = ∂L/∂context` and the attention maps. The selection of a sparse
/// pattern has no gradient.
pub fn attend_backward(
    projections: &[f32],
    maps: &AttentionMaps,
    gradient: &[f32],
    shape: &AttentionShape,
    options: MapOptions<'_>,
) -> AttentionGradients {
    let _timed = timed("attention, backward");
    let sizes = shape.with_keys(shape.tokens);
    let inputs = [projections];
    let ([projections], connections) =
        attend_inputs_backward(inputs, SELF, maps, gradient, &sizes, options);
    AttentionGradients {
        projections,
        connections,
    }
}

/// The backward pass of [`attend_memory`], from `gradient = ∂L/∂context` and the attention maps.
pub fn attend_memory_backward(
    inputs: [&[f32]; 3],
    maps: &AttentionMaps,
    gradient: &[f32],
    shape: &AttentionShape,
    keys: usize,
    options: MapOptions<'_>,
) -> MemoryAttentionGradients {
    let _timed = timed("attention to a memory, backward");
    let sizes = shape.with_keys(keys);
    let (inputs, connections) =
        attend_inputs_backward(inputs, MEMORY, maps, gradient, &sizes, options);
    MemoryAttentionGradients {
        inputs,
        connections,
    }
}

/// Gradients of the inputs and of the mask.
fn attend_inputs_backward<const N: usize>(
    inputs: [&[f32]; N],
    layout: Layout,
    maps: &AttentionMaps,
    gradient: &[f32],
    sizes: &Sizes,
    options: MapOptions<'_>,
) -> ([Vec<f32>; N], Option<Vec<f32>>) {
    let connections = options.connections;
    let samples = sizes.block();
    let queries = sizes.heads * sizes.tokens;
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
        .zip(maps.values.chunks(samples * sizes.maps()))
        .zip(maps.is_passive.chunks((samples * queries).max(1)))
        .zip(gradient.chunks(samples * sizes.rows()))
        .enumerate();
    let sensitivities = each_block(
        2 * sizes.work(),
        blocks,
        |(block, (((of, maps), is_passive), gradient))| {
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
                is_passive,
                gradient,
                sizes,
                options,
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
        is_passive: &[bool],
        gradient: &[f32],
        sizes: &Sizes,
        options: MapOptions<'_>,
        first: usize,
        of: &mut [&mut [f32]],
        sensitivity: &mut [f32],
    ) {
        let MapOptions { connections, dropout, .. } = options;
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
            let is_passive = &is_passive[place * sizes.tokens..][..sizes.tokens];
            for (row, is_passive) in room.of_map.chunks_exact_mut(rows.padded).zip(is_passive) {
                if *is_passive {
                    row.fill(0.0);
                }
            }
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
