//! Attention on the CPU as nodes of Burn's autodiff graph.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use spat_cpu::{
    Attended, AttentionGradients, AttentionMaps, AttentionShape, Connections, Dropout, MapOptions,
    MemoryAttentionGradients, attend as forward, attend_backward, attend_memory,
    attend_memory_backward,
};

use super::attention::Attention;
use super::linear;
use super::node::{Operand, Saved, Values, output};
use super::pattern::Pattern;
use super::project::project;

/// Self-attention to all tokens; `None` if the tensors are elsewhere.
pub(super) fn attend_to_own_tokens(
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
        maps: Arc::new(AttentionMaps::default()),
        shape: attention.shape,
        dropout: attention.dropout,
    };
    let Attended { context, maps } = forward(
        saved.projections.slice(),
        &saved.shape,
        map_options(&saved.mask, saved.dropout),
    );
    let maps_tensor =
        with_maps.then(|| tensor_of(&maps, [samples, heads, tokens, tokens], attention));
    saved.maps = Arc::new(maps);
    let context = output(
        operands,
        context,
        [samples * tokens, heads * head_width],
        saved,
    );
    Some((context, maps_tensor))
}

/// Attention in any pattern, to the memory of each sample or to its own tokens, which are projected one after the
/// other; `None` if the tensors are elsewhere.
pub(super) fn attend_from_rows(
    attention: &Attention<'_>,
    with_maps: bool,
) -> Option<(Tensor<2>, Option<Tensor<4>>)> {
    let AttentionShape {
        samples,
        tokens,
        heads,
        head_width,
    } = attention.shape;
    let memory = attention.memory.as_ref().unwrap_or(&attention.x);
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
    let mut saved = ForwardFromRows {
        inputs: [query, key, value],
        mask: Mask::of(attention, mask),
        maps: Arc::new(AttentionMaps::default()),
        shape: attention.shape,
        keys,
        pattern: attention.pattern.clone(),
        dropout: attention.dropout,
    };
    let Attended { context, maps } = attend_memory(
        saved.inputs.each_ref().map(Values::slice),
        &saved.shape,
        keys,
        saved.map_options(),
    );
    let maps_tensor =
        with_maps.then(|| tensor_of(&maps, [samples, heads, tokens, keys], attention));
    saved.maps = Arc::new(maps);
    let shape = [samples * tokens, heads * head_width];
    Some((output(operands, context, shape, saved), maps_tensor))
}

#[derive(Debug, Clone)]
struct Forward {
    projections: Values,
    mask: Option<Mask>,
    maps: Arc<AttentionMaps>,
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

fn map_options(mask: &Option<Mask>, dropout: Option<Dropout>) -> MapOptions<'_> {
    MapOptions {
        connections: mask.as_ref().map(Mask::connections),
        dropout,
        ..MapOptions::default()
    }
}

fn tensor_of(maps: &AttentionMaps, shape: [usize; 4], attention: &Attention<'_>) -> Tensor<4> {
    let values = TensorData::new(maps.values.clone(), shape);
    Tensor::from_data(values, &attention.x.device())
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
            map_options(&self.mask, self.dropout),
        );
        [Some(projections), connections]
    }
}

#[derive(Debug, Clone)]
struct ForwardFromRows {
    /// Queries, keys and values.
    inputs: [Values; 3],
    mask: Option<Mask>,
    maps: Arc<AttentionMaps>,
    shape: AttentionShape,
    keys: usize,
    pattern: Pattern,
    dropout: Option<Dropout>,
}

impl ForwardFromRows {
    fn map_options(&self) -> MapOptions<'_> {
        MapOptions {
            pattern: self.pattern.on_cpu(),
            ..map_options(&self.mask, self.dropout)
        }
    }
}

impl Saved<4> for ForwardFromRows {
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
            self.map_options(),
        );
        [Some(query), Some(key), Some(value), connections]
    }
}
