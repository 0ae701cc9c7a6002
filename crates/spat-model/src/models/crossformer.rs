//! Crossformer (ICLR 2023): segments of each channel attend over time, and over channels through routers.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{AttentionStructure, CrossformerConfig, Structure};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{
    AttentionLayer, AttentionSlot, LayerOptions, Norm, ScoreChain, Tokens, sinusoids,
};
use crate::operations::linear;

use super::{Inputs, Model};

/// Crossformer in Time-Series-Library's layout.
#[derive(Module, Debug)]
pub struct Crossformer {
    /// A segment to a token, `[segment, d_model]`, without a bias.
    pub(crate) embedding: Linear,
    /// Learned positions of the look-back's segments, `[1, C, segments, d_model]`.
    pub(crate) positions: Param<Tensor<4>>,
    /// After the embedding.
    pub(crate) norm: Norm,
    /// From input to output.
    pub(crate) encoder: Vec<Block>,
    /// Learned positions of the horizon's segments, with which the decoder starts,
    /// `[1, C, segments, d_model]`.
    pub(crate) forecast_positions: Param<Tensor<4>>,
    /// Layer i reads the output of encoder block i − 1, the first one the embedding. The forecast is the sum
    /// of theirs.
    pub(crate) decoder: Vec<DecoderLayer>,
    segment: usize,
    horizon: usize,
}

/// Segments merged in pairs (but in the first block), then two-stage attention.
#[derive(Module, Debug)]
pub(crate) struct Block {
    pub(crate) merge: Option<Merge>,
    pub(crate) stages: TwoStages,
}

/// Two segments side by side to one. The last of an odd number is paired with itself.
#[derive(Module, Debug)]
pub(crate) struct Merge {
    pub(crate) norm: Norm,
    /// `[2 · d_model, d_model]`.
    pub(crate) linear: Linear,
}

/// Attention over the segments of each channel, then over the channels of each segment.
#[derive(Module, Debug)]
pub(crate) struct TwoStages {
    pub(crate) time: AttentionLayer,
    pub(crate) channels: AttentionLayer,
}

/// Two-stage attention over the horizon's segments, attention from them to the look-back's, and a forecast.
#[derive(Module, Debug)]
pub(crate) struct DecoderLayer {
    pub(crate) stages: TwoStages,
    pub(crate) cross: AttentionLayer,
    /// A token to the rows of its segment, `[d_model, segment]`.
    pub(crate) forecast: Linear,
}

/// The tokens of all segments of all channels.
#[derive(Debug, Clone)]
struct Grid {
    /// `[windows · C · segments, d_model]`.
    rows: Tensor<2>,
    windows: usize,
    channels: usize,
}

impl Model for Crossformer {
    type Spec = CrossformerConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, structure: &Structure) -> Self {
        let width = config.d_model;
        let (encoder, decoder) = structure.attention.split_at(2 * config.layers);
        let blocks = config.block_segments().into_iter().zip(encoder.chunks(2));
        let blocks = blocks
            .enumerate()
            .map(|(block, (segments, modules))| Block {
                merge: (block > 0).then(|| Merge {
                    norm: Norm::Layer(initial.layer_norm(2 * width)),
                    linear: initial.linear(2 * width, width),
                }),
                stages: TwoStages::init(initial, config, segments, modules),
            });
        let encoder = blocks.collect();
        let forecast_segments = config.forecast_segments();
        let cross = LayerOptions {
            d_ff: width,
            feed_forward_dropout: 0.0,
            ..layer_options(config)
        };
        let layers = decoder.chunks(3).map(|modules| DecoderLayer {
            stages: TwoStages::init(initial, config, forecast_segments, modules),
            cross: AttentionLayer::init(initial, &modules[2], &cross),
            forecast: initial.linear(width, config.segment),
        });
        let decoder = layers.collect();
        let positions = |initial: &mut Initial<'_>, segments| {
            initial.normal([1, config.channels, segments, width], 1.0)
        };
        Self {
            embedding: Linear {
                bias: None,
                ..initial.linear(config.segment, width)
            },
            positions: positions(initial, config.segments()),
            norm: Norm::Layer(initial.layer_norm(width)),
            encoder,
            forecast_positions: positions(initial, forecast_segments),
            decoder,
            segment: config.segment,
            horizon: config.horizon,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let [windows, _, channels] = inputs.values.dims();
        let mut encoded = self.embed(inputs.values, cx);
        let mut memories = vec![encoded.by_channel()];
        for block in &self.encoder {
            if let Some(merge) = &block.merge {
                encoded = merge.forward(encoded, cx);
            }
            encoded = block.stages.forward(&encoded, cx);
            memories.push(encoded.by_channel());
        }
        let [_, _, segments, width] = self.forecast_positions.dims();
        // The same for all windows, until a layer reads a memory.
        let mut tokens = Grid {
            rows: (self.forecast_positions.val()).reshape([channels * segments, width]),
            windows: 1,
            channels,
        };
        let rows = segments * self.segment;
        let device = tokens.rows.device();
        let mut forecast = Tensor::<3>::zeros([windows, channels, rows], &device);
        for (layer, memory) in self.decoder.iter().zip(memories) {
            tokens = layer.stages.forward(&tokens, cx);
            if layer.cross.attention.module.is_some() {
                tokens = tokens.repeated(windows);
            }
            let chain = &mut ScoreChain::Off;
            let queries = tokens.by_channel();
            let attended = layer.cross.forward(&queries, Some(&memory), chain, cx);
            tokens = Grid {
                rows: attended.rows,
                ..tokens
            };
            let ahead = linear(&layer.forecast, tokens.rows.clone());
            forecast = forecast + ahead.reshape([tokens.windows, channels, rows]);
        }
        forecast
            .narrow(2, rows - self.horizon, self.horizon)
            .swap_dims(1, 2)
    }

    fn slots(&self) -> Vec<&AttentionSlot> {
        let encoder = self.encoder.iter().flat_map(|block| block.stages.slots());
        let decoder = self.decoder.iter().flat_map(|layer| {
            let stages = layer.stages.slots().into_iter();
            stages.chain([&layer.cross.attention])
        });
        encoder.chain(decoder).collect()
    }

    fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let encoder = self.encoder.iter_mut();
        let encoder = encoder.flat_map(|block| block.stages.slots_mut());
        let decoder = self.decoder.iter_mut().flat_map(|layer| {
            let stages = layer.stages.slots_mut().into_iter();
            stages.chain([&mut layer.cross.attention])
        });
        encoder.chain(decoder).collect()
    }

    /// Time-Series-Library's names.
    fn import(config: &Self::Spec) -> ImportTable {
        let mut table = ImportTable::default()
            .linear("enc_value_embedding.value_embedding", "embedding")
            .same("enc_pos_embedding", "positions")
            .norm("pre_norm", "norm")
            .same("dec_pos_embedding", "forecast_positions");
        for block in 0..config.layers {
            let theirs = format!("encoder.encode_blocks.{block}");
            let ours = format!("encoder.{block}");
            if block > 0 {
                let (theirs, ours) = (format!("{theirs}.merge_layer"), format!("{ours}.merge"));
                table = table
                    .norm(&format!("{theirs}.norm"), &format!("{ours}.norm"))
                    .linear(&format!("{theirs}.linear_trans"), &format!("{ours}.linear"));
            }
            table = two_stages(
                table,
                &format!("{theirs}.encode_layers.0"),
                &format!("{ours}.stages"),
            );
        }
        for layer in 0..=config.layers {
            let theirs = format!("decoder.decode_layers.{layer}");
            let ours = format!("decoder.{layer}");
            let cross = format!("{ours}.cross");
            table = two_stages(
                table,
                &format!("{theirs}.self_attention"),
                &format!("{ours}.stages"),
            )
            .attention(
                &format!("{theirs}.cross_attention"),
                &format!("{cross}.attention.module"),
            )
            .norm(&format!("{theirs}.norm1"), &format!("{cross}.norm1"))
            .norm(&format!("{theirs}.norm2"), &format!("{cross}.norm2"))
            .linear(&format!("{theirs}.MLP1.0"), &format!("{cross}.expand"))
            .linear(&format!("{theirs}.MLP1.2"), &format!("{cross}.contract"))
            .linear(
                &format!("{theirs}.linear_pred"),
                &format!("{ours}.forecast"),
            );
        }
        table
    }
}

/// A two-stage layer of Time-Series-Library.
fn two_stages(mut table: ImportTable, theirs: &str, ours: &str) -> ImportTable {
    let sender = format!("{ours}.channels.attention.sender");
    for (their, our) in [
        ("time_attention", format!("{ours}.time.attention.module")),
        ("dim_sender", format!("{sender}.attention")),
        ("dim_receiver", format!("{ours}.channels.attention.module")),
    ] {
        table = table.attention(&format!("{theirs}.{their}"), &our);
    }
    table = table.same(&format!("{theirs}.router"), &format!("{sender}.routers"));
    for (stage, mlp, [norm1, norm2]) in [
        ("time", "MLP1", ["norm1", "norm2"]),
        ("channels", "MLP2", ["norm3", "norm4"]),
    ] {
        let ours = format!("{ours}.{stage}");
        table = table
            .norm(&format!("{theirs}.{norm1}"), &format!("{ours}.norm1"))
            .norm(&format!("{theirs}.{norm2}"), &format!("{ours}.norm2"))
            .linear(&format!("{theirs}.{mlp}.0"), &format!("{ours}.expand"))
            .linear(&format!("{theirs}.{mlp}.2"), &format!("{ours}.contract"));
    }
    table
}

/// The feed-forward parts have no dropout after the activation.
fn layer_options(config: &CrossformerConfig) -> LayerOptions {
    LayerOptions {
        hidden_dropout: 0.0,
        ..LayerOptions::new(config.d_model, config.d_ff, config.heads, config.dropout)
    }
}

impl Crossformer {
    /// Tokens of the look-back's segments; the last row fills up the last segment.
    fn embed(&self, values: Tensor<3>, cx: &mut ForwardContext) -> Grid {
        let [windows, lookback, channels] = values.dims();
        let [_, _, segments, width] = self.positions.dims();
        let mut series = values.swap_dims(1, 2);
        let missing = segments * self.segment - lookback;
        if missing > 0 {
            let last = series.clone().narrow(2, lookback - 1, 1);
            series = Tensor::cat(vec![series, last.repeat_dim(2, missing)], 2);
        }
        let rows = windows * channels * segments;
        let tokens = linear(&self.embedding, series.reshape([rows, self.segment]));
        let order = sinusoids(segments, width, &tokens.device()).unsqueeze();
        let tokens =
            tokens.reshape([windows, channels, segments, width]) + (self.positions.val() + order);
        Grid {
            rows: self.norm.forward(tokens.reshape([rows, width]), cx),
            windows,
            channels,
        }
    }
}

impl Merge {
    fn forward(&self, tokens: Grid, cx: &mut ForwardContext) -> Grid {
        let width = tokens.rows.dims()[1];
        let series = tokens.windows * tokens.channels;
        let segments = tokens.segments();
        let mut rows = tokens.rows.reshape([series, segments, width]);
        if !segments.is_multiple_of(2) {
            let last = rows.clone().narrow(1, segments - 1, 1);
            rows = Tensor::cat(vec![rows, last], 1);
        }
        let pairs = rows.reshape([series * segments.div_ceil(2), 2 * width]);
        Grid {
            rows: linear(&self.linear, self.norm.forward(pairs, cx)),
            ..tokens
        }
    }
}

impl TwoStages {
    fn init(
        initial: &mut Initial<'_>,
        config: &CrossformerConfig,
        segments: usize,
        modules: &[AttentionStructure],
    ) -> Self {
        let options = layer_options(config);
        let time = AttentionLayer::init(initial, &modules[0], &options);
        let mut channels = AttentionLayer::init(initial, &modules[1], &options);
        channels.attention = channels
            .attention
            .with_sender(initial, segments, config.routers);
        Self { time, channels }
    }

    fn forward(&self, tokens: &Grid, cx: &mut ForwardContext) -> Grid {
        let width = tokens.rows.dims()[1];
        let (windows, channels, segments) = (tokens.windows, tokens.channels, tokens.segments());
        let swapped = |rows: Tensor<2>, [outer, inner]: [usize; 2]| {
            let rows = rows.reshape([windows, outer, inner, width]);
            rows.swap_dims(1, 2)
                .reshape([windows * channels * segments, width])
        };
        let chain = &mut ScoreChain::Off;
        let over_time = self.time.forward(&tokens.by_channel(), None, chain, cx);
        let by_segment = Tokens {
            rows: swapped(over_time.rows, [channels, segments]),
            batch: windows * segments,
        };
        let over_channels = self.channels.forward(&by_segment, None, chain, cx);
        Grid {
            rows: swapped(over_channels.rows, [segments, channels]),
            ..*tokens
        }
    }

    fn slots(&self) -> [&AttentionSlot; 2] {
        [&self.time.attention, &self.channels.attention]
    }

    fn slots_mut(&mut self) -> [&mut AttentionSlot; 2] {
        [&mut self.time.attention, &mut self.channels.attention]
    }
}

impl Grid {
    fn segments(&self) -> usize {
        self.rows.dims()[0] / (self.windows * self.channels)
    }

    /// The segments of a channel as the tokens of a sample.
    fn by_channel(&self) -> Tokens {
        Tokens {
            rows: self.rows.clone(),
            batch: self.windows * self.channels,
        }
    }

    /// Tokens that are the same for all windows, for each of `windows`; others are unchanged.
    fn repeated(self, windows: usize) -> Self {
        if self.windows == windows {
            return self;
        }
        let [rows, width] = self.rows.dims();
        let all = self.rows.reshape([1, rows * width]).repeat_dim(0, windows);
        Self {
            rows: all.reshape([windows * rows, width]),
            windows,
            ..self
        }
    }
}
