//! TSMixer (arXiv 2303.06053): MLPs over time and over channels in turn.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{Structure, TsMixerConfig, TsMixerLayout};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{Affine, BatchNorm, Norm, normalise, over_time};
use crate::operations::{dropout, linear, linear_dropout, linear_relu};

use super::{Inputs, Model};

/// Keras' defaults of the authors' batch norms: epsilon, and the share of the newest batch.
const EPSILON: f64 = 1e-3;
const MOMENTUM: f64 = 0.01;

/// TSMixer in either public layout.
#[derive(Module, Debug)]
pub struct TsMixer {
    /// Affine weights of the reversible instance norm of the authors' layout.
    pub(crate) affine: Option<Affine>,
    /// From input to output.
    pub(crate) blocks: Vec<Block>,
    /// A channel's look-back to its forecast, `[lookback, horizon]`.
    pub head: Linear,
}

/// `x ← x + drop(W₂ relu(W₁ x))` over time, without W₂ in the authors' layout; then
/// `x ← x + drop(W₄ drop(relu(W₃ x)))` over channels, with the inner dropout in the authors' layout
/// only. Norms stand before each MLP in the authors' layout.
#[derive(Module, Debug)]
pub(crate) struct Block {
    /// Over all cells of a window, `[lookback · C]`.
    pub(crate) time_norm: Option<Norm>,
    /// `W₁`.
    pub(crate) time: Linear,
    /// `W₂`, `[hidden, lookback]`.
    pub(crate) time_output: Option<Linear>,
    /// Over all cells of a window.
    pub(crate) channel_norm: Option<Norm>,
    /// `W₃`, `[C, hidden]`.
    pub(crate) expand: Linear,
    /// `W₄`, `[hidden, C]`.
    pub(crate) contract: Linear,
    dropout: f64,
}

impl Model for TsMixer {
    type Spec = TsMixerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let (lookback, channels, hidden) = (config.lookback, config.channels, config.hidden);
        let authors = config.layout == TsMixerLayout::Authors;
        let norm = |initial: &Initial<'_>| {
            let width = lookback * channels;
            authors.then(|| Norm::Batch(BatchNorm::with(initial, width, EPSILON, MOMENTUM)))
        };
        let blocks = (0..config.layers)
            .map(|_| Block {
                time_norm: norm(initial),
                time: map(
                    initial,
                    lookback,
                    if authors { lookback } else { hidden },
                    authors,
                ),
                time_output: (!authors).then(|| map(initial, hidden, lookback, authors)),
                channel_norm: norm(initial),
                expand: map(initial, channels, hidden, authors),
                contract: map(initial, hidden, channels, authors),
                dropout: config.dropout,
            })
            .collect();
        Self {
            affine: authors.then(|| Affine::init(initial, channels)),
            blocks,
            head: map(initial, lookback, config.horizon, authors),
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let Some(affine) = &self.affine else {
            return self.mix(inputs.values, cx);
        };
        let (x, statistics) = normalise(inputs.values);
        let forecast = self.mix(affine.apply(x), cx);
        statistics.restore(affine.undo(forecast))
    }

    /// Time-Series-Library's names; the authors' code is not PyTorch, and its layout has the names of
    /// the reference in `crates/xtask/python/models.py`.
    fn import(config: &Self::Spec) -> ImportTable {
        let table = match config.layout {
            TsMixerLayout::Authors => ImportTable::default()
                .same("rev_norm.weight", "affine.gamma")
                .same("rev_norm.bias", "affine.beta"),
            TsMixerLayout::Library => ImportTable::default(),
        };
        (0..config.layers)
            .fold(table, |table, block| {
                let (theirs, ours) = (format!("model.{block}"), format!("blocks.{block}"));
                table
                    .norm(&format!("{theirs}.time_norm"), &format!("{ours}.time_norm"))
                    .linear(&format!("{theirs}.temporal.0"), &format!("{ours}.time"))
                    .linear(
                        &format!("{theirs}.temporal.2"),
                        &format!("{ours}.time_output"),
                    )
                    .norm(
                        &format!("{theirs}.channel_norm"),
                        &format!("{ours}.channel_norm"),
                    )
                    .linear(&format!("{theirs}.channel.0"), &format!("{ours}.expand"))
                    .linear(&format!("{theirs}.channel.2"), &format!("{ours}.contract"))
            })
            .linear("projection", "head")
    }
}

impl TsMixer {
    /// # Shapes
    /// - `x`: `[B, lookback, C]`
    /// - output: `[B, horizon, C]`
    fn mix(&self, x: Tensor<3>, cx: &mut ForwardContext) -> Tensor<3> {
        let mixed = self.blocks.iter().fold(x, |x, block| block.forward(x, cx));
        over_time(mixed, |rows| linear(&self.head, rows))
    }
}

impl Block {
    /// # Shapes
    /// - `x` and output: `[B, lookback, C]`
    fn forward(&self, x: Tensor<3>, cx: &mut ForwardContext) -> Tensor<3> {
        let normed = cells(x.clone(), self.time_norm.as_ref(), cx);
        let time = over_time(normed, |rows| {
            let hidden = linear_relu(&self.time, rows, 0.0);
            match &self.time_output {
                Some(output) => linear(output, hidden),
                None => hidden,
            }
        });
        let x = x + dropout(time, cx.dropout(self.dropout));

        let [batch, lookback, channels] = x.dims();
        let normed = cells(x.clone(), self.channel_norm.as_ref(), cx);
        let rows = normed.reshape([batch * lookback, channels]);
        let hidden = linear_relu(&self.expand, rows, 0.0);
        let inner = self.channel_norm.as_ref().map_or(0.0, |_| self.dropout);
        let hidden = dropout(hidden, cx.dropout(inner));
        let rows = linear_dropout(&self.contract, hidden, cx.dropout(self.dropout));
        x + rows.reshape([batch, lookback, channels])
    }
}

/// A linear map: Keras' initial weights (Glorot uniform, no bias) for the authors' layout, PyTorch's
/// for the library's.
fn map(initial: &mut Initial<'_>, inputs: usize, outputs: usize, keras: bool) -> Linear {
    if !keras {
        return initial.linear(inputs, outputs);
    }
    let bound = (6.0 / (inputs + outputs) as f32).sqrt();
    Linear {
        weight: initial.uniform([inputs, outputs], bound),
        bias: Some(initial.constant([outputs], 0.0)),
    }
}

/// Normalises over all cells of a window, if there is a norm.
fn cells(x: Tensor<3>, norm: Option<&Norm>, cx: &mut ForwardContext) -> Tensor<3> {
    let Some(norm) = norm else {
        return x;
    };
    let [batch, lookback, channels] = x.dims();
    norm.forward(x.reshape([batch, lookback * channels]), cx)
        .reshape([batch, lookback, channels])
}
