//! TimeMixer (arXiv 2405.14616): season and trend of the look-back at several scales, mixed between them.

use std::sync::Arc;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_cpu::{Finish, ScaleMixingShape};
use spat_spec::{Structure, TIME_FEATURES, TimeMixerConfig};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{Affine, circular_neighbours, normalise};
use crate::operations::{joined, linear_with, mix_scales};

use super::{Inputs, Model};

/// TimeMixer in Time-Series-Library's layout, channels apart.
#[derive(Module, Debug)]
pub struct TimeMixer {
    /// Affine weights of the instance norm of each scale.
    pub(crate) norms: Vec<Affine>,
    /// A circular convolution over time: the row before, the row and the row after, `[3, d_model]`.
    pub(crate) values: Linear,
    /// Time features of a row, `[4, d_model]`.
    pub(crate) features: Option<Linear>,
    /// From input to output.
    pub(crate) blocks: Vec<Block>,
    /// Rows of each scale to the horizon.
    pub(crate) heads: Vec<Linear>,
    /// Shared by all scales, `[d_model, 1]`.
    pub(crate) projection: Linear,
    #[module(skip)]
    shape: Arc<ScaleMixingShape>,
    horizon: usize,
    dropout: f64,
}

/// `x ← x + W₂ gelu(W₁ (season + trend))` at each scale.
#[derive(Module, Debug)]
pub(crate) struct Block {
    /// From each scale to the next coarser, finest first.
    pub(crate) season: Vec<Mixing>,
    /// From each scale to the next finer, coarsest first.
    pub(crate) trend: Vec<Mixing>,
    /// `W₁`, `[d_model, d_ff]`.
    pub(crate) expand: Linear,
    /// `W₂`, `[d_ff, d_model]`.
    pub(crate) contract: Linear,
}

/// `W₂ gelu(W₁ x)` over time.
#[derive(Module, Debug)]
pub(crate) struct Mixing {
    /// `W₁`, `[rows in, rows out]`.
    pub(crate) first: Linear,
    /// `W₂`, `[rows out, rows out]`.
    pub(crate) second: Linear,
}

impl Model for TimeMixer {
    type Spec = TimeMixerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let (scales, width) = (config.scales(), config.d_model);
        let norms = scales
            .iter()
            .map(|_| Affine::init(initial, config.channels))
            .collect();
        let values = initial.circular_convolution(1, width);
        let features = config.time_stamps.then(|| Linear {
            bias: None,
            ..initial.linear(TIME_FEATURES, width)
        });
        let blocks = (0..config.layers)
            .map(|_| Block {
                season: scales
                    .windows(2)
                    .map(|pair| Mixing::init(initial, pair[0], pair[1]))
                    .collect(),
                trend: scales
                    .windows(2)
                    .rev()
                    .map(|pair| Mixing::init(initial, pair[1], pair[0]))
                    .collect(),
                expand: initial.linear(width, config.d_ff),
                contract: initial.linear(config.d_ff, width),
            })
            .collect();
        Self {
            norms,
            values,
            features,
            blocks,
            heads: scales
                .iter()
                .map(|&rows| initial.linear(rows, config.horizon))
                .collect(),
            projection: initial.linear(width, 1),
            shape: Arc::new(ScaleMixingShape {
                hidden: config.d_ff,
                kernel: config.kernel,
                width,
                scales,
            }),
            horizon: config.horizon,
            dropout: config.dropout,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let Inputs {
            mut values,
            mut time_features,
            ..
        } = inputs;
        let [batch, _, channels] = values.dims();
        let (normed, statistics) = normalise(values.clone());
        let mut rows = vec![rows_read(
            self.norms[0].apply(normed),
            time_features.clone(),
        )];
        for norm in &self.norms[1..] {
            values = in_pairs(values, |pairs| pairs.mean_dim(2));
            time_features =
                time_features.map(|features| in_pairs(features, |pairs| pairs.narrow(2, 0, 1)));
            let (normed, _) = normalise(values.clone());
            rows.push(rows_read(norm.apply(normed), time_features.clone()));
        }
        let mut tokens = self.embed(Tensor::cat(rows, 1), cx);
        for block in &self.blocks {
            tokens = mix_scales(&tokens, &block.parameters(), &self.shape);
        }
        let forecast = self
            .forecast(tokens)
            .reshape([batch, channels, self.horizon]);
        statistics.restore(self.norms[0].undo(forecast.swap_dims(1, 2)))
    }

    /// Time-Series-Library's names.
    fn import(config: &Self::Spec) -> ImportTable {
        let embedding = "enc_embedding";
        let mut table = ImportTable::default()
            .convolution(&format!("{embedding}.value_embedding.tokenConv"), "values")
            .linear(&format!("{embedding}.temporal_embedding.embed"), "features")
            .linear("projection_layer", "projection");
        for scale in 0..=config.halvings {
            let (theirs, ours) = (
                format!("normalize_layers.{scale}"),
                format!("norms.{scale}"),
            );
            table = table
                .same(&format!("{theirs}.affine_weight"), &format!("{ours}.gamma"))
                .same(&format!("{theirs}.affine_bias"), &format!("{ours}.beta"))
                .linear(
                    &format!("predict_layers.{scale}"),
                    &format!("heads.{scale}"),
                );
        }
        for block in 0..config.layers {
            let (theirs, ours) = (format!("pdm_blocks.{block}"), format!("blocks.{block}"));
            table = table
                .unused(&format!("{theirs}.layer_norm.weight"))
                .unused(&format!("{theirs}.layer_norm.bias"))
                .linear(
                    &format!("{theirs}.out_cross_layer.0"),
                    &format!("{ours}.expand"),
                )
                .linear(
                    &format!("{theirs}.out_cross_layer.2"),
                    &format!("{ours}.contract"),
                );
            for pair in 0..config.halvings {
                let parts = [
                    ("season", "mixing_multi_scale_season.down_sampling_layers"),
                    ("trend", "mixing_multi_scale_trend.up_sampling_layers"),
                ];
                for (part, layers) in parts {
                    let (theirs, ours) = (
                        format!("{theirs}.{layers}.{pair}"),
                        format!("{ours}.{part}.{pair}"),
                    );
                    table = table
                        .linear(&format!("{theirs}.0"), &format!("{ours}.first"))
                        .linear(&format!("{theirs}.2"), &format!("{ours}.second"));
                }
            }
        }
        table
    }
}

impl TimeMixer {
    /// The circular convolution and the time features' layer are one layer.
    ///
    /// # Shapes
    /// - `rows`: of all scales, `[N, rows, 3]`, or `[N, rows, 7]` with time features
    /// - output: `[N, rows, d_model]`
    fn embed(&self, rows: Tensor<3>, cx: &mut ForwardContext) -> Tensor<3> {
        let [count, length, inputs] = rows.dims();
        let layers = [Some(&self.values), self.features.as_ref()];
        let weights = layers.into_iter().flatten();
        let weight = Tensor::cat(weights.map(|layer| layer.weight.val()).collect(), 0);
        let finish = Finish {
            activation: None,
            dropout: cx.dropout(self.dropout),
        };
        let width = weight.dims()[1];
        linear_with(weight, None, rows.reshape([count * length, inputs]), finish)
            .reshape([count, length, width])
    }

    /// The sum of the forecasts of all scales. The heads map time and the projection the width, so they commute: the
    /// projection is first, since few values are left after it.
    ///
    /// # Shapes
    /// - `tokens`: `[N, rows of all scales, d_model]`
    /// - output: `[N, horizon]`
    fn forecast(&self, tokens: Tensor<3>) -> Tensor<2> {
        let [count, length, width] = tokens.dims();
        let weight = self.projection.weight.val();
        let series = linear_with(
            weight.clone(),
            None,
            tokens.reshape([count * length, width]),
            Finish::default(),
        );
        let heads = self.heads.iter();
        let weights = heads.clone().map(|head| head.weight.val()).collect();
        // A head's bias is the same for each value of the width.
        let biases = heads.filter_map(|head| head.bias.as_ref().map(|bias| bias.val()));
        let bias = biases.reduce(|sum, bias| sum + bias).map(|bias| {
            let bias = bias * weight.sum();
            match &self.projection.bias {
                Some(shift) => bias + shift.val() * self.heads.len() as f64,
                None => bias,
            }
        });
        linear_with(
            Tensor::cat(weights, 0),
            bias,
            series.reshape([count, length]),
            Finish::default(),
        )
    }
}

impl Block {
    /// In the order of [`ScaleMixingShape::layers`].
    fn parameters(&self) -> Tensor<1> {
        let mixings = self.season.iter().chain(&self.trend);
        let layers = mixings.flat_map(|mixing| [&mixing.first, &mixing.second]);
        joined(layers.chain([&self.expand, &self.contract]))
    }
}

impl Mixing {
    fn init(initial: &mut Initial<'_>, inputs: usize, outputs: usize) -> Self {
        Self {
            first: initial.linear(inputs, outputs),
            second: initial.linear(outputs, outputs),
        }
    }
}

/// What the embedding reads of each row: the row before, the row and the row after, and the time features.
///
/// # Shapes
/// - `x`: `[B, rows, C]`
/// - `time_features`: `[B, rows, 4]`
/// - output: `[B · C, rows, 3]`, or `[B · C, rows, 7]` with time features
fn rows_read(x: Tensor<3>, time_features: Option<Tensor<3>>) -> Tensor<3> {
    let [batch, rows, channels] = x.dims();
    let series = x.swap_dims(1, 2).reshape([batch * channels, rows, 1]);
    let values = circular_neighbours(series).reshape([batch * channels, rows, 3]);
    let Some(features) = time_features else {
        return values;
    };
    let features = features
        .reshape([batch, 1, rows * TIME_FEATURES])
        .repeat_dim(1, channels)
        .reshape([batch * channels, rows, TIME_FEATURES]);
    Tensor::cat(vec![values, features], 2)
}

/// Joins each two rows of `[B, rows, width]`; an odd last row is left out. `join` takes `[B, pairs, 2,
/// width]` to `[B, pairs, 1, width]`.
fn in_pairs(x: Tensor<3>, join: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Tensor<3> {
    let [batch, rows, width] = x.dims();
    let pairs = rows / 2;
    let x = x.narrow(1, 0, 2 * pairs);
    join(x.reshape([batch, pairs, 2, width])).reshape([batch, pairs, width])
}
