//! TimeMixer (arXiv 2405.14616): season and trend of the look-back at several scales, mixed between them.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{Structure, TIME_FEATURES, TimeMixerConfig};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{Affine, circular_neighbours, moving_average, normalise, over_time};
use crate::operations::{dropout, linear, linear_gelu};

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
    kernel: usize,
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
            kernel: config.kernel,
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
        let mut embed = |norm: &Affine, normed: Tensor<3>, features: Option<Tensor<3>>| {
            dropout(
                self.embed(norm.apply(normed), features),
                cx.dropout(self.dropout),
            )
        };
        let mut scales = vec![embed(&self.norms[0], normed, time_features.clone())];
        for norm in &self.norms[1..] {
            values = in_pairs(values, |pairs| pairs.mean_dim(2));
            time_features =
                time_features.map(|features| in_pairs(features, |pairs| pairs.narrow(2, 0, 1)));
            let (normed, _) = normalise(values.clone());
            scales.push(embed(norm, normed, time_features.clone()));
        }
        let averages: Vec<_> = scales
            .iter()
            .map(|tokens| moving_average(tokens.dims()[1], self.kernel, &tokens.device()))
            .collect();
        for block in &self.blocks {
            scales = block.forward(scales, &averages);
        }
        let zeros = Tensor::zeros([batch, channels, self.horizon], &values.device());
        let forecasts = scales.into_iter().zip(&self.heads).map(|(tokens, head)| {
            let ahead = over_time(tokens, |rows| linear(head, rows));
            let [series, horizon, width] = ahead.dims();
            linear(&self.projection, ahead.reshape([series * horizon, width]))
                .reshape([batch, channels, horizon])
        });
        let forecast = forecasts.fold(zeros, |sum, forecast| sum + forecast);
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
    /// # Shapes
    /// - `x`: `[B, rows, C]`
    /// - `time_features`: `[B, rows, 4]`
    /// - output: `[B · C, rows, d_model]`
    fn embed(&self, x: Tensor<3>, time_features: Option<Tensor<3>>) -> Tensor<3> {
        let [batch, rows, channels] = x.dims();
        let series = x.swap_dims(1, 2).reshape([batch * channels, rows, 1]);
        let values = linear(&self.values, circular_neighbours(series));
        let width = values.dims()[1];
        let Some((layer, features)) = self.features.as_ref().zip(time_features) else {
            return values.reshape([batch * channels, rows, width]);
        };
        let features = linear(layer, features.reshape([batch * rows, TIME_FEATURES]));
        (values.reshape([batch, channels, rows * width])
            + features.reshape([batch, 1, rows * width]))
        .reshape([batch * channels, rows, width])
    }
}

impl Block {
    /// # Shapes
    /// - `scales` and output: `[N, rows, d_model]`, finest first
    /// - `averages`: `[rows, rows]`
    fn forward(&self, scales: Vec<Tensor<3>>, averages: &[Tensor<2>]) -> Vec<Tensor<3>> {
        // Rows of [N · d_model, rows].
        let (mut seasons, mut trends): (Vec<_>, Vec<_>) = scales
            .iter()
            .zip(averages)
            .map(|(tokens, average)| {
                let [count, rows, width] = tokens.dims();
                let series = tokens
                    .clone()
                    .swap_dims(1, 2)
                    .reshape([count * width, rows]);
                let trend = series.clone().matmul(average.clone());
                (series - trend.clone(), trend)
            })
            .unzip();
        for (fine, mixing) in self.season.iter().enumerate() {
            let added = mixing.forward(seasons[fine].clone());
            seasons[fine + 1] = seasons[fine + 1].clone() + added;
        }
        for (coarse, mixing) in (1..trends.len()).rev().zip(&self.trend) {
            let added = mixing.forward(trends[coarse].clone());
            trends[coarse - 1] = trends[coarse - 1].clone() + added;
        }
        let parts = seasons.into_iter().zip(trends);
        scales
            .into_iter()
            .zip(parts)
            .map(|(tokens, (season, trend))| {
                let [count, rows, width] = tokens.dims();
                let mixed = (season + trend)
                    .reshape([count, width, rows])
                    .swap_dims(1, 2)
                    .reshape([count * rows, width]);
                let hidden = linear_gelu(&self.expand, mixed, None);
                tokens + linear(&self.contract, hidden).reshape([count, rows, width])
            })
            .collect()
    }
}

impl Mixing {
    fn init(initial: &mut Initial<'_>, inputs: usize, outputs: usize) -> Self {
        Self {
            first: initial.linear(inputs, outputs),
            second: initial.linear(outputs, outputs),
        }
    }

    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        linear(&self.second, linear_gelu(&self.first, rows, None))
    }
}

/// Joins each two rows of `[B, rows, width]`; an odd last row is left out. `join` takes `[B, pairs, 2,
/// width]` to `[B, pairs, 1, width]`.
fn in_pairs(x: Tensor<3>, join: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Tensor<3> {
    let [batch, rows, width] = x.dims();
    let pairs = rows / 2;
    let x = x.narrow(1, 0, 2 * pairs);
    join(x.reshape([batch, pairs, 2, width])).reshape([batch, pairs, width])
}
