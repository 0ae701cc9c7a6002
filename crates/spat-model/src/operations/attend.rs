//! Attention maps, the connection mask on them, dropout, and the product with the values.

use std::sync::Arc;

use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};
use spat_kernels::{
    Attended, AttentionGradients, AttentionShape, Connections, Dropout, attend as forward,
    attend_backward,
};

use super::gpu;
use super::node::{Operand, Saved, Values, output};

/// Queries, keys and values of all heads side by side, each `[B · L, H · w]`.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(crate) query: Tensor<2>,
    pub(crate) key: Tensor<2>,
    pub(crate) value: Tensor<2>,
    pub(crate) shape: AttentionShape,
    /// M, `[B or 1, H, L, L]`.
    pub(crate) mask: Option<Tensor<4>>,
    pub(crate) dropout: Option<Dropout>,
}

/// `drop(M ⊙ A) V` with `A = softmax(Q Kᵀ / √w)`, `[B · L, H · w]`; and A, `[B, H, L, L]`, outside the
/// graph, if asked for.
pub(crate) fn attend(attention: Attention, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    let on_cpu = || {
        Some([
            Operand::of(attention.query.clone())?,
            Operand::of(attention.key.clone())?,
            Operand::of(attention.value.clone())?,
            match &attention.mask {
                Some(mask) => Operand::of(mask.clone())?,
                None => Operand::absent(),
            },
        ])
    };
    let Some(operands) = on_cpu() else {
        return gpu::attend(&attention, with_maps).unwrap_or_else(|| plain(attention, with_maps));
    };
    let [query, key, value, mask] = operands.each_ref().map(Operand::values);
    let mut saved = Forward {
        query,
        key,
        value,
        mask: attention.mask.as_ref().map(|tensor| Mask {
            values: mask,
            shared: tensor.dims()[0] == 1 && attention.shape.samples > 1,
        }),
        maps: Arc::default(),
        shape: attention.shape,
        dropout: attention.dropout,
    };
    let Attended { context, maps } = forward(
        saved.query.slice(),
        saved.key.slice(),
        saved.value.slice(),
        &saved.shape,
        saved.mask.as_ref().map(Mask::connections),
        saved.dropout,
    );
    let maps_tensor = with_maps.then(|| {
        let AttentionShape {
            samples,
            tokens,
            heads,
            ..
        } = attention.shape;
        Tensor::from_data(
            TensorData::new(maps.clone(), [samples, heads, tokens, tokens]),
            &attention.query.device(),
        )
    });
    saved.maps = Arc::new(maps);
    let context = output(operands, context, attention.query.dims(), saved);
    (context, maps_tensor)
}

pub(super) fn plain(attention: Attention, with_maps: bool) -> (Tensor<2>, Option<Tensor<4>>) {
    let shape = attention.shape;
    let heads = |rows: Tensor<2>| {
        rows.reshape([shape.samples, shape.tokens, shape.heads, shape.head_width])
            .swap_dims(1, 2)
    };
    let scale = 1.0 / (shape.head_width as f64).sqrt();
    let scores = heads(attention.query).matmul(heads(attention.key).transpose()) * scale;
    let maps = softmax(scores, 3);
    let kept = with_maps.then(|| maps.clone().detach());
    let connected = match attention.mask {
        Some(mask) => maps * mask,
        None => maps,
    };
    let context = super::dropout(connected, attention.dropout)
        .matmul(heads(attention.value))
        .swap_dims(1, 2)
        .reshape([shape.samples * shape.tokens, shape.heads * shape.head_width]);
    (context, kept)
}

#[derive(Debug, Clone)]
struct Forward {
    query: Values,
    key: Values,
    value: Values,
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
    fn connections(&self) -> Connections<'_> {
        if self.shared {
            Connections::Shared(self.values.slice())
        } else {
            Connections::PerSample(self.values.slice())
        }
    }
}

impl Saved<4> for Forward {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 4]) -> [Option<Vec<f32>>; 4] {
        let AttentionGradients {
            query,
            key,
            value,
            connections,
        } = attend_backward(
            self.query.slice(),
            self.key.slice(),
            self.value.slice(),
            &self.maps,
            gradient,
            &self.shape,
            self.mask.as_ref().map(Mask::connections),
            self.dropout,
        );
        [Some(query), Some(key), Some(value), connections]
    }
}
