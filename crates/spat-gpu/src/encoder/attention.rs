//! Attention maps, the connection mask on them, dropout, and the product with the values.

use spat_cpu::{AttentionShape, Dropout};

use super::dispatch::{Dispatch, dropout_words, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::{Loads, Stage};

/// The connection mask M on the attention maps.
#[derive(Debug, Clone)]
pub struct Mask {
    /// `[H, L, L]`, or `[B, H, L, L]`.
    pub values: Buffer,
    /// Whether the mask is shared by all samples.
    pub shared: bool,
}

/// Outputs of [`attend`].
#[derive(Debug, Clone)]
pub struct Attended {
    /// `drop(M ⊙ A) V` of all heads side by side, `[B · L, H · w]`.
    pub context: Buffer,
    /// The attention maps A, `[B, H, L, L]`.
    pub maps: Buffer,
    /// `drop(M ⊙ A)`.
    pub kept: Buffer,
}

/// Gradients of the inputs of [`attend`].
#[derive(Debug, Clone)]
pub struct AttentionGradients {
    /// Of the queries.
    pub query: Buffer,
    /// Of the keys.
    pub key: Buffer,
    /// Of the values.
    pub value: Buffer,
    /// `∂L/∂M` of every sample, `[B, H, L, L]`; `None` without a mask.
    pub connections: Option<Buffer>,
}

/// The launches of [`attend`], and of [`attend_backward`]: per query, then per key. `mask` is whether the
/// mask is shared; `None` without a mask.
pub fn attention_dispatches(
    shape: &AttentionShape,
    mask: Option<bool>,
    dropout: Option<Dropout>,
) -> [Dispatch; 3] {
    let loads = Loads::of(&[size(shape.head_width)]);
    let rows = shape.samples * shape.heads * shape.tokens;
    [
        Stage::AttendRows(loads),
        Stage::AttendBackwardRows(loads),
        Stage::AttendBackwardColumns(loads),
    ]
    .map(|stage| {
        Dispatch::new(stage, groups(rows), |groups_x| {
            let sizes = [
                size(shape.samples),
                size(shape.tokens),
                size(shape.heads),
                size(shape.head_width),
                (1.0 / (shape.head_width as f32).sqrt()).to_bits(),
                match mask {
                    None => 0,
                    Some(true) => 1,
                    Some(false) => 2,
                },
                (mask.is_some() || dropout.is_some()).into(),
                groups_x,
            ];
            [&dropout_words(dropout)[..], &sizes].concat()
        })
    })
}

/// `drop(M ⊙ softmax(Q Kᵀ / √w)) V`, where `query`, `key` and `value` are `[B · L, H · w]`.
pub fn attend(
    query: &Buffer,
    key: &Buffer,
    value: &Buffer,
    shape: &AttentionShape,
    mask: Option<&Mask>,
    dropout: Option<Dropout>,
) -> Attended {
    let maps = query.allocate_like(shape.samples * shape.heads * shape.tokens * shape.tokens);
    let another = mask.is_some() || dropout.is_some();
    // The binding needs a buffer, even if it is unused.
    let none = [query.allocate_like(1), query.allocate_like(1)];
    let kept = another.then(|| query.allocate_like(maps.length()));
    let context = query.allocate_like(query.length());
    let [forward, ..] = attention_dispatches(shape, mask.map(|mask| mask.shared), dropout);
    forward.launch(&[
        In(query.values()),
        In(key.values()),
        In(value.values()),
        Out(context.values()),
        In(mask.map_or(&none[0], |mask| &mask.values).values()),
        Out(maps.values()),
        Out(kept.as_ref().unwrap_or(&none[1]).values()),
    ]);
    Attended {
        context,
        kept: kept.unwrap_or_else(|| maps.clone()),
        maps,
    }
}

/// The backward pass of [`attend`], from `gradient = ∂L/∂context` and the attention maps.
#[expect(
    clippy::too_many_arguments,
    reason = "the inputs of the forward pass, its saved outputs, and its gradient"
)]
pub fn attend_backward(
    query: &Buffer,
    key: &Buffer,
    value: &Buffer,
    maps: &Buffer,
    kept: &Buffer,
    gradient: &Buffer,
    shape: &AttentionShape,
    mask: Option<&Mask>,
    dropout: Option<Dropout>,
) -> AttentionGradients {
    let of_scores = query.allocate_like(maps.length());
    let gradients = AttentionGradients {
        query: query.allocate_like(query.length()),
        key: query.allocate_like(query.length()),
        value: query.allocate_like(query.length()),
        connections: mask.map(|_| query.allocate_like(maps.length())),
    };
    let [_, by_query, by_key] = attention_dispatches(shape, mask.map(|mask| mask.shared), dropout);
    let none = [query.allocate_like(1), query.allocate_like(1)];
    by_query.launch(&[
        In(gradient.values()),
        In(key.values()),
        In(value.values()),
        Out(gradients.query.values()),
        In(mask.map_or(&none[0], |mask| &mask.values).values()),
        In(maps.values()),
        Out(of_scores.values()),
        Out(gradients.connections.as_ref().unwrap_or(&none[1]).values()),
    ]);
    by_key.launch(&[
        In(query.values()),
        In(gradient.values()),
        Out(gradients.key.values()),
        Out(gradients.value.values()),
        In(of_scores.values()),
        In(kept.values()),
    ]);
    gradients
}
