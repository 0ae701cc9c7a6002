//! Attention maps, the connection mask on them, dropout, and the product with the values.

use burn::nn::Linear;
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use spat_cpu::AttentionShape;

use super::attend_on_cpu::{attend_from_rows, attend_to_own_tokens};
use super::attention::Attention;
use super::gpu;
use super::linear;

/// `drop(M ⊙ A) V` with `A = softmax(Q Kᵀ / √w)`, or as the pattern requires, `[B · L, H · w]`; and A,
/// `[B, H, L, Lk]`, detached, if requested.
///
/// Self-attention to all tokens has operations of its own; attention to a memory of each sample and other patterns
/// have one on the CPU. Elsewhere, and with a shared memory, the projections have.
pub(crate) fn attend(attention: Attention<'_>, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    if attention.is_shared {
        return to_shared_memory(attention, with_maps);
    }
    if attention.memory.is_none() && attention.pattern.is_full() {
        return attend_to_own_tokens(&attention, with_maps)
            .or_else(|| gpu::attend(&attention, with_maps))
            .unwrap_or_else(|| plain(attention, with_maps));
    }
    attend_from_rows(&attention, with_maps)
        .unwrap_or_else(|| composed(attention, with_maps, linear))
}

pub(super) fn plain(attention: Attention<'_>, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    composed(attention, with_maps, |layer, rows| layer.forward(rows))
}

fn composed(
    attention: Attention<'_>,
    with_maps: bool,
    project: impl Fn(&Linear, Tensor<2>) -> Tensor<2>,
) -> (Tensor<2>, Option<Tensor<4>>) {
    let shape = attention.shape;
    let [query, key, value] = attention.projections;
    let memory = attention.memory.unwrap_or_else(|| attention.x.clone());
    let query = project(query, attention.x);
    let [key, value] = [key, value].map(|layer| project(layer, memory.clone()));
    let heads = |rows: Tensor<2>| {
        let tokens = rows.dims()[0] / shape.samples;
        rows.reshape([shape.samples, tokens, shape.heads, shape.head_width])
            .swap_dims(1, 2)
    };
    let scale = 1.0 / (shape.head_width as f64).sqrt();
    let products = heads(query).matmul(heads(key).transpose());
    let maps = attention.pattern.maps(products, scale);
    let kept = with_maps.then(|| maps.clone().detach());
    let connected = match attention.mask {
        Some(mask) => maps * mask,
        None => maps,
    };
    let context = super::dropout(connected, attention.dropout)
        .matmul(heads(value))
        .swap_dims(1, 2)
        .reshape([shape.samples * shape.tokens, shape.heads * shape.head_width]);
    (context, kept)
}

/// Attention of all samples to one memory. Their queries are the rows of one product per head, so that keys and
/// values, and their gradients, exist once and not per sample.
fn to_shared_memory(attention: Attention<'_>, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    let AttentionShape {
        samples,
        tokens,
        heads,
        head_width,
    } = attention.shape;
    let [query, key, value] = attention.projections;
    let memory = attention.memory.unwrap_or_else(|| attention.x.clone());
    // [rows, H · w] to [H, rows, w].
    let by_head = |rows: Tensor<2>| {
        let count = rows.dims()[0];
        rows.reshape([count, heads, head_width]).swap_dims(0, 1)
    };
    let query = by_head(linear(query, attention.x));
    let [key, value] = [key, value].map(|layer| by_head(linear(layer, memory.clone())));
    let keys = key.dims()[1];
    let scale = 1.0 / (head_width as f64).sqrt();
    let scores = query.matmul(key.transpose()) * scale;
    let maps = softmax(scores, 2).reshape([heads, samples, tokens, keys]);
    let kept = with_maps.then(|| maps.clone().detach().swap_dims(0, 1));
    let connected = match attention.mask {
        Some(mask) => maps * mask.swap_dims(0, 1),
        None => maps,
    };
    let context = super::dropout(connected, attention.dropout)
        .reshape([heads, samples * tokens, keys])
        .matmul(value)
        .swap_dims(0, 1)
        .reshape([samples * tokens, heads * head_width]);
    (context, kept)
}
