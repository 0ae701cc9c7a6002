//! LightTS (arXiv 2207.01186): bottleneck MLPs over chunks of the look-back and over channels.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{LightTsConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::operations::{linear, linear_relu};

use super::{Inputs, Model};

/// PyTorch's default slope of a leaky ReLU below 0.
const SLOPE: f32 = 0.01;

/// LightTS in Time-Series-Library's layout.
#[derive(Module, Debug)]
pub struct LightTs {
    /// Of contiguous chunks.
    pub(crate) continuous: View,
    /// Of every n-th row.
    pub(crate) interval: View,
    /// Both views of each channel to the horizon, with the channels as nodes.
    pub(crate) mixing: Bottleneck,
    /// A channel's look-back to its forecast, `[rows, horizon]`.
    pub shortcut: Linear,
    chunk: usize,
    /// Rows of the look-back filled up to whole chunks.
    rows: usize,
}

/// One view of the look-back.
#[derive(Module, Debug)]
pub(crate) struct View {
    /// With the chunks as nodes.
    pub(crate) block: Bottleneck,
    /// `[chunks, 1]`.
    pub(crate) merge: Linear,
}

/// `W₃(y + W_n y)` with `y = W₂ leaky_relu(W₁ x)`; `W_n` maps between the nodes.
#[derive(Module, Debug)]
pub(crate) struct Bottleneck {
    /// `W₁`, `[inputs, hidden]`.
    pub(crate) expand: Linear,
    /// `W₂`, `[hidden, hidden / 4]`.
    pub(crate) contract: Linear,
    /// `W_n`, `[nodes, nodes]`.
    pub(crate) nodes: Linear,
    /// `W₃`, `[hidden / 4, outputs]`.
    pub(crate) output: Linear,
}

impl Model for LightTs {
    type Spec = LightTsConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let (chunk, chunks) = (config.chunk_rows(), config.chunks());
        let (quarter, half) = (config.width / 4, config.width / 2);
        let mut view = || View {
            block: Bottleneck::init(initial, [chunk, quarter, quarter], chunks),
            merge: initial.linear(chunks, 1),
        };
        let rows = chunk * chunks;
        Self {
            continuous: view(),
            interval: view(),
            mixing: Bottleneck::init(initial, [half, half, config.horizon], config.channels),
            shortcut: initial.linear(rows, config.horizon),
            chunk,
            rows,
        }
    }

    fn forward(&self, inputs: Inputs, _: &mut ForwardContext) -> Tensor<3> {
        let [batch, lookback, channels] = inputs.values.dims();
        let count = batch * channels;
        let mut series = inputs.values.swap_dims(1, 2).reshape([count, lookback]);
        if self.rows > lookback {
            let zeros = Tensor::zeros([count, self.rows - lookback], &series.device());
            series = Tensor::cat(vec![series, zeros], 1);
        }
        let shortcut = linear(&self.shortcut, series.clone());

        let chunks = self.rows / self.chunk;
        let contiguous = series.clone().reshape([count * chunks, self.chunk]);
        // Row n of a series holds its rows n, n + chunks, n + 2 chunks, …
        let every_nth = series
            .reshape([count, self.chunk, chunks])
            .swap_dims(1, 2)
            .reshape([count * chunks, self.chunk]);
        let views = vec![
            self.continuous.forward(contiguous, chunks),
            self.interval.forward(every_nth, chunks),
        ];
        let mixed = self.mixing.forward(Tensor::cat(views, 1), channels);
        let horizon = shortcut.dims()[1];
        (mixed + shortcut.reshape([batch, channels, horizon])).swap_dims(1, 2)
    }

    /// Time-Series-Library's names.
    fn import(_: &Self::Spec) -> ImportTable {
        let blocks = [
            ("layer_1", "continuous.block"),
            ("layer_2", "interval.block"),
            ("layer_3", "mixing"),
        ];
        blocks
            .into_iter()
            .fold(ImportTable::default(), |table, (theirs, ours)| {
                table
                    .linear(
                        &format!("{theirs}.spatial_proj.0"),
                        &format!("{ours}.expand"),
                    )
                    .linear(
                        &format!("{theirs}.spatial_proj.2"),
                        &format!("{ours}.contract"),
                    )
                    .linear(&format!("{theirs}.channel_proj"), &format!("{ours}.nodes"))
                    .linear(&format!("{theirs}.output_proj"), &format!("{ours}.output"))
            })
            .linear("chunk_proj_1", "continuous.merge")
            .linear("chunk_proj_2", "interval.merge")
            .linear("ar", "shortcut")
    }
}

impl View {
    /// # Shapes
    /// - `rows`: `[N · chunks, chunk]`
    /// - output: `[N, width]`
    fn forward(&self, rows: Tensor<2>, chunks: usize) -> Tensor<2> {
        let nodes = self.block.forward(rows, chunks);
        let [count, chunks, width] = nodes.dims();
        let by_chunk = nodes.swap_dims(1, 2).reshape([count * width, chunks]);
        linear(&self.merge, by_chunk).reshape([count, width])
    }
}

impl Bottleneck {
    /// The map between the nodes starts as the identity.
    fn init(
        initial: &mut Initial<'_>,
        [inputs, hidden, outputs]: [usize; 3],
        nodes: usize,
    ) -> Self {
        let between = Linear {
            weight: initial.identity(nodes),
            ..initial.linear(nodes, nodes)
        };
        Self {
            expand: initial.linear(inputs, hidden),
            contract: initial.linear(hidden, hidden / 4),
            nodes: between,
            output: initial.linear(hidden / 4, outputs),
        }
    }

    /// # Shapes
    /// - `rows`: `[N · nodes, inputs]`
    /// - output: `[N, nodes, outputs]`
    fn forward(&self, rows: Tensor<2>, nodes: usize) -> Tensor<3> {
        let hidden = linear_relu(&self.expand, rows, SLOPE);
        let narrow = linear(&self.contract, hidden);
        let [rows, width] = narrow.dims();
        let count = rows / nodes;
        let by_node = narrow
            .reshape([count, nodes, width])
            .swap_dims(1, 2)
            .reshape([count * width, nodes]);
        let mixed = by_node.clone() + linear(&self.nodes, by_node);
        let mixed = mixed
            .reshape([count, width, nodes])
            .swap_dims(1, 2)
            .reshape([rows, width]);
        let output = linear(&self.output, mixed);
        let outputs = output.dims()[1];
        output.reshape([count, nodes, outputs])
    }
}
