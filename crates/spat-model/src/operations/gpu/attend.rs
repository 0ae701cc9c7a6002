//! Attention maps, the connection mask on them, dropout, and the product with the values.

use burn::backend::ops::FloatTensorOps;
use burn::tensor::Tensor;
use spat_cpu::{AttentionShape, Dropout};
use spat_gpu::encoder::{Attended, AttentionGradients, Mask, attend as forward, attend_backward};
use spat_gpu::{Buffer, Gpu};

use super::super::attention::Attention;
use super::super::linear;
use super::node::{Operand, Saved, constant, output};

/// `drop(M ⊙ A) V`, `[B · L, H · w]`, and A, `[B, H, L, L]`, detached, if requested.
pub(in super::super) fn attend(
    attention: &Attention<'_>,
    with_maps: bool,
) -> Option<(Tensor<2>, Option<Tensor<4>>)> {
    Operand::of(&attention.x)?;
    let [query, key, value] = attention
        .projections
        .map(|layer| linear(layer, attention.x.clone()));
    let shape = query.dims();
    let query = Operand::of(&query)?;
    let mask = match &attention.mask {
        Some(mask) => Operand::of(mask)?,
        None => Operand::absent(&query),
    };
    let operands = [query, Operand::of(&key)?, Operand::of(&value)?, mask];
    let [query, key, value, mask] = operands.each_ref().map(|operand| operand.values.clone());
    let AttentionShape {
        samples,
        tokens,
        heads,
        ..
    } = attention.shape;
    let mask = attention.mask.as_ref().map(|tensor| Mask {
        values: mask,
        shared: tensor.dims()[0] == 1 && samples > 1,
    });
    let Attended {
        context,
        maps,
        kept,
    } = forward(
        &query,
        &key,
        &value,
        &attention.shape,
        mask.as_ref(),
        attention.dropout,
    );
    let kept_maps = with_maps.then(|| {
        let autodiff = operands[0].is_autodiff();
        constant(maps.clone(), [samples, heads, tokens, tokens], autodiff)
    });
    let saved = Forward {
        query,
        key,
        value,
        mask,
        maps,
        kept,
        shape: attention.shape,
        dropout: attention.dropout,
    };
    let context = output(operands, context, shape, saved);
    Some((context, kept_maps))
}

#[derive(Debug, Clone)]
struct Forward {
    query: Buffer,
    key: Buffer,
    value: Buffer,
    mask: Option<Mask>,
    maps: Buffer,
    kept: Buffer,
    shape: AttentionShape,
    dropout: Option<Dropout>,
}

impl Saved<4> for Forward {
    fn gradients(&self, gradient: &Buffer, _wanted: [bool; 4]) -> [Option<Buffer>; 4] {
        let AttentionGradients {
            query,
            key,
            value,
            connections,
        } = attend_backward(
            &self.query,
            &self.key,
            &self.value,
            &self.maps,
            &self.kept,
            gradient,
            &self.shape,
            self.mask.as_ref(),
            self.dropout,
        );
        let connections = connections.and_then(|of_samples| match &self.mask {
            Some(mask) if mask.shared => self.over_samples(of_samples),
            _ => Some(of_samples),
        });
        [Some(query), Some(key), Some(value), connections]
    }
}

impl Forward {
    /// The sum of `[B, H, L, L]` over the samples.
    fn over_samples(&self, values: Buffer) -> Option<Buffer> {
        let AttentionShape {
            samples,
            tokens,
            heads,
            ..
        } = self.shape;
        let values = values.tensor([samples, heads * tokens * tokens]);
        Buffer::of(Gpu::float_sum_dim(values, 0))
    }
}
