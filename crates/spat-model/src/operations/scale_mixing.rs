//! A block of TimeMixer: series at several scales, mixed between them.

use std::sync::Arc;

use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_cpu::{
    Activation, Finish, LayerPlace, MixedScales, ScaleMixingGradients, ScaleMixingShape,
    mix_scales as forward, mix_scales_backward,
};

use super::linear::linear_with;
use super::node::{Operand, Saved, Values, is_tracked, output};
use crate::layers::moving_average;

/// Weights and biases of layers in one row, as [`mix_scales`] takes them.
pub(crate) fn joined<'a>(layers: impl IntoIterator<Item = &'a Linear>) -> Tensor<1> {
    let parts = layers.into_iter().flat_map(|layer| {
        let weight = layer.weight.val();
        let [inputs, outputs] = weight.dims();
        let bias = layer.bias.as_ref().map(|bias| bias.val());
        [Some(weight.reshape([inputs * outputs])), bias]
    });
    Tensor::cat(parts.flatten().collect(), 0)
}

/// `x ← x + W₂ gelu(W₁ (season + trend))` at each scale, after seasons are mixed from fine to coarse and trends from
/// coarse to fine, as [`spat_cpu::mix_scales`] describes it.
///
/// # Shapes
/// - `x` and output: `[N, rows of all scales, d_model]`, finest scale first
/// - `parameters`: those of [`ScaleMixingShape::layers`]
pub(crate) fn mix_scales(
    x: &Tensor<3>,
    parameters: &Tensor<1>,
    shape: &Arc<ScaleMixingShape>,
) -> Tensor<3> {
    on_cpu(x, parameters, shape).unwrap_or_else(|| plain(x, parameters, shape))
}

/// The block on the CPU; `None` if the tensors are elsewhere.
pub(super) fn on_cpu(
    x: &Tensor<3>,
    parameters: &Tensor<1>,
    shape: &Arc<ScaleMixingShape>,
) -> Option<Tensor<3>> {
    let operands = [Operand::of(x.clone())?, Operand::of(parameters.clone())?];
    let [values, parameters] = operands.each_ref().map(Operand::values);
    let keep = is_tracked(&operands);
    let MixedScales {
        output: result,
        kept,
    } = forward(values.slice(), parameters.slice(), shape, keep);
    let saved = Inputs {
        parameters,
        kept: Arc::new(kept.unwrap_or_default()),
        shape: shape.clone(),
    };
    Some(output(operands, result, x.dims(), saved))
}

#[derive(Debug, Clone)]
struct Inputs {
    parameters: Values,
    kept: Arc<Vec<f32>>,
    shape: Arc<ScaleMixingShape>,
}

impl Saved<2> for Inputs {
    fn gradients(&self, gradient: &[f32], _wanted: [bool; 2]) -> [Option<Vec<f32>>; 2] {
        let ScaleMixingGradients { x, parameters } =
            mix_scales_backward(self.parameters.slice(), &self.kept, gradient, &self.shape);
        [x, parameters].map(Some)
    }
}

/// The composition of Burn's operations.
pub(super) fn plain(x: &Tensor<3>, parameters: &Tensor<1>, shape: &ScaleMixingShape) -> Tensor<3> {
    let [count, _, width] = x.dims();
    let layers = shape.layers();
    let layer = |place: LayerPlace| {
        let weights = parameters.clone().slice(place.weights());
        (
            weights.reshape([place.inputs, place.outputs]),
            Some(parameters.clone().slice(place.biases())),
        )
    };
    let gelu = Finish {
        activation: Some(Activation::Gelu),
        dropout: None,
    };
    let two_layers = |[first, second]: [LayerPlace; 2], rows: Tensor<2>| {
        let (weight, bias) = layer(first);
        let hidden = linear_with(weight, bias, rows, gelu);
        let (weight, bias) = layer(second);
        linear_with(weight, bias, hidden, Finish::default())
    };
    let scales: Vec<Tensor<3>> = shape
        .scale_rows()
        .into_iter()
        .map(|rows| x.clone().narrow(1, rows.start, rows.len()))
        .collect();
    // Rows of [N · d_model, rows].
    let (mut seasons, mut trends): (Vec<_>, Vec<_>) = scales
        .iter()
        .map(|tokens| {
            let rows = tokens.dims()[1];
            let series = tokens.clone().swap_dims(1, 2);
            let series = series.reshape([count * width, rows]);
            let average = moving_average(rows, shape.kernel, &x.device());
            let trend = series.clone().matmul(average);
            (series - trend.clone(), trend)
        })
        .unzip();
    for (fine, mixing) in layers.season.iter().enumerate() {
        let added = two_layers(*mixing, seasons[fine].clone());
        seasons[fine + 1] = seasons[fine + 1].clone() + added;
    }
    for (coarse, mixing) in (1..trends.len()).rev().zip(&layers.trend) {
        let added = two_layers(*mixing, trends[coarse].clone());
        trends[coarse - 1] = trends[coarse - 1].clone() + added;
    }
    let parts = seasons.into_iter().zip(trends);
    let mixed = scales
        .into_iter()
        .zip(parts)
        .map(|(tokens, (season, trend))| {
            let rows = tokens.dims()[1];
            let mixed = (season + trend)
                .reshape([count, width, rows])
                .swap_dims(1, 2)
                .reshape([count * rows, width]);
            tokens + two_layers(layers.feed_forward, mixed).reshape([count, rows, width])
        });
    Tensor::cat(mixed.collect(), 1)
}
