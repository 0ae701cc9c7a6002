//! Attention maps, the connection mask on them, dropout, and the product with the values.

use std::sync::Arc;

use burn::nn::Linear;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Tensor, TensorData};
use spat_cpu::{
    Attended, AttentionGradients, AttentionShape, Connections, Dropout, MemoryAttentionGradients,
    attend as forward, attend_backward, attend_memory, attend_memory_backward,
};

use super::attention::Attention;
use super::gpu;
use super::linear;
use super::node::{Operand, Saved, Values, output};
use super::project::project;

/// `drop(M ⊙ A) V` with `A = softmax(Q Kᵀ / √w)`, `[B · L, H · w]`; and A, `[B, H, L, Lk]`, detached, if
/// requested.
///
/// Self-attention to all tokens has operations of its own, and attention to a memory of each sample has one on the
/// CPU. With a memory elsewhere, with a shared one, or with a causal mask, the projections have.
pub(crate) fn attend(attention: Attention<'_>, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    if attention.is_shared {
        return to_shared_memory(attention, with_maps);
    }
    if attention.causal {
        return composed(attention, with_maps, linear);
    }
    if let Some(memory) = &attention.memory {
        return to_memory_on_cpu(&attention, memory, with_maps)
            .unwrap_or_else(|| composed(attention, with_maps, linear));
    }
    on_cpu(&attention, with_maps)
        .or_else(|| gpu::attend(&attention, with_maps))
        .unwrap_or_else(|| plain(attention, with_maps))
}

/// Self-attention on the CPU; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(
    attention: &Attention<'_>,
    with_maps: bool,
) -> Option<(Tensor<2>, Option<Tensor<4>>)> {
    let AttentionShape {
        samples,
        tokens,
        heads,
        head_width,
    } = attention.shape;
    let projections = project(&attention.x, attention.projections)?;
    let operands = [
        Operand::of(projections)?,
        match &attention.mask {
            Some(mask) => Operand::of(mask.clone())?,
            None => Operand::absent(),
        },
    ];
    let [projections, mask] = operands.each_ref().map(Operand::values);
    let mut saved = Forward {
        projections,
        mask: Mask::of(attention, mask),
        maps: Arc::default(),
        shape: attention.shape,
        dropout: attention.dropout,
    };
    let Attended { context, maps } = forward(
        saved.projections.slice(),
        &saved.shape,
        saved.mask.as_ref().map(Mask::connections),
        saved.dropout,
    );
    let maps_tensor = with_maps.then(|| {
        Tensor::from_data(
            TensorData::new(maps.clone(), [samples, heads, tokens, tokens]),
            &attention.x.device(),
        )
    });
    saved.maps = Arc::new(maps);
    let context = output(
        operands,
        context,
        [samples * tokens, heads * head_width],
        saved,
    );
    Some((context, maps_tensor))
}

/// Attention to the memory of each sample on the CPU; `None` if the tensors are elsewhere.
pub(super) fn to_memory_on_cpu(
    attention: &Attention<'_>,
    memory: &Tensor<2>,
    with_maps: bool,
) -> Option<(Tensor<2>, Option<Tensor<4>>)> {
    let AttentionShape {
        samples,
        tokens,
        heads,
        head_width,
    } = attention.shape;
    let keys = memory.dims()[0] / samples;
    let [query, key, value] = attention.projections;
    let operands = [
        Operand::of(linear(query, attention.x.clone()))?,
        Operand::of(linear(key, memory.clone()))?,
        Operand::of(linear(value, memory.clone()))?,
        match &attention.mask {
            Some(mask) => Operand::of(mask.clone())?,
            None => Operand::absent(),
        },
    ];
    let [query, key, value, mask] = operands.each_ref().map(Operand::values);
    let mut saved = ForwardToMemory {
        inputs: [query, key, value],
        mask: Mask::of(attention, mask),
        maps: Arc::default(),
        shape: attention.shape,
        keys,
        dropout: attention.dropout,
    };
    let Attended { context, maps } = attend_memory(
        saved.inputs.each_ref().map(Values::slice),
        &saved.shape,
        keys,
        saved.mask.as_ref().map(Mask::connections),
        saved.dropout,
    );
    let maps_tensor = with_maps.then(|| {
        Tensor::from_data(
            TensorData::new(maps.clone(), [samples, heads, tokens, keys]),
            &attention.x.device(),
        )
    });
    saved.maps = Arc::new(maps);
    let shape = [samples * tokens, heads * head_width];
    Some((output(operands, context, shape, saved), maps_tensor))
}

pub(super) fn plain(attention: Attention<'_>, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    composed(attention, with_maps, |layer, rows| layer.forward(rows))
}

/// Score of a key that a token does not attend to: its exponential is 0 beside any other.
pub(super) const MASKED: f32 = -1e30;

/// Whether a key is after the query's token, `[tokens, tokens]`.
pub(super) fn later_keys(tokens: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, device)
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
    let mut scores = heads(query).matmul(heads(key).transpose()) * scale;
    if attention.causal {
        let later = later_keys(shape.tokens, &scores.device());
        scores = scores.mask_fill(later.unsqueeze::<4>(), MASKED);
    }
    let maps = softmax(scores, 3);
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

#[derive(Debug, Clone)]
struct Forward {
    projections: Values,
    mask: Option<Mask>,
    maps: Arc<Vec<f32>>,
    shape: AttentionShape,
    dropout: Option<Dropout>,
}

#[derive(Debug, Clone)]
struct Mask {
    values: Values,
    shared: bool,
}

impl Mask {
    /// The mask of the attention, whose values these are, if it has one.
    fn of(attention: &Attention<'_>, values: Values) -> Option<Self> {
        let shape = attention.mask.as_ref()?.dims();
        Some(Self {
            values,
            shared: shape[0] == 1 && attention.shape.samples > 1,
        })
    }

    fn connections(&self) -> Connections<'_> {
        if self.shared {
            Connections::Shared(self.values.slice())
        } else {
            Connections::PerSample(self.values.slice())
        }
    }
}

impl Saved<2> for Forward {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 2]) -> [Option<Vec<f32>>; 2] {
        let AttentionGradients {
            projections,
            connections,
        } = attend_backward(
            self.projections.slice(),
            &self.maps,
            gradient,
            &self.shape,
            self.mask.as_ref().map(Mask::connections),
            self.dropout,
        );
        [Some(projections), connections]
    }
}

#[derive(Debug, Clone)]
struct ForwardToMemory {
    /// Queries, keys and values.
    inputs: [Values; 3],
    mask: Option<Mask>,
    maps: Arc<Vec<f32>>,
    shape: AttentionShape,
    keys: usize,
    dropout: Option<Dropout>,
}

impl Saved<4> for ForwardToMemory {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 4]) -> [Option<Vec<f32>>; 4] {
        let MemoryAttentionGradients {
            inputs: [query, key, value],
            connections,
        } = attend_memory_backward(
            self.inputs.each_ref().map(Values::slice),
            &self.maps,
            gradient,
            &self.shape,
            self.keys,
            self.mask.as_ref().map(Mask::connections),
            self.dropout,
        );
        [Some(query), Some(key), Some(value), connections]
    }
}
