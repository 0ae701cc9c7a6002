//! GPT-2 (Radford et al., 2019) without its token table: causal blocks whose norms stand before their parts.
//!
//! `x ← x + drop(MHA(norm₁(x)))`, `x ← x + drop(W₂ gelu(W₁ norm₂(x)))`, with the tanh form of the GELU.
//! Attention and feed-forward weights are frozen: they are no parameters of a training, and model files refer
//! to them ([`crate::backbone`]). Norms and positions are trained, or frozen too.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::Tensor;
use spat_spec::{AttentionStructure, BackboneSizes};

use crate::backbone::Backbone;
use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::operations::{add_norm, dropout, linear, linear_dropout, tanh_gelu};

use super::attention::{AttentionSlot, MultiHeadAttention, ScoreChain, Tokens};

/// Deviation of GPT-2's initial weights.
const DEVIATION: f32 = 0.02;

/// Positions, blocks and the final norm.
#[derive(Module, Debug)]
pub(crate) struct Gpt2 {
    /// Position table, `[positions, width]`.
    pub(crate) positions: Param<Tensor<2>>,
    /// From input to output.
    pub(crate) blocks: Vec<Gpt2Block>,
    /// After the last block.
    pub(crate) norm: LayerNorm,
    dropout: f64,
}

/// Attention and a feed-forward part, each added to the residual stream.
#[derive(Module, Debug)]
pub(crate) struct Gpt2Block {
    /// The slot of the attention module, with its norm.
    pub(crate) attention: AttentionSlot,
    /// Before the feed-forward part.
    pub(crate) norm: LayerNorm,
    /// `W₁`, `[width, 4 · width]`.
    pub(crate) expand: Linear,
    /// `W₂`, `[4 · width, width]`.
    pub(crate) contract: Linear,
    dropout: f64,
}

/// Where the weights of a new backbone come from.
pub(crate) enum Gpt2Source<'a> {
    /// GPT-2's initialisation: normal weights, smaller ones in front of the residual stream, and no biases.
    Random(Initial<'a>),
    /// A file with at least as many blocks.
    File(Arc<Backbone>),
}

impl Gpt2Source<'_> {
    /// An array of the file, or normal values.
    fn values(&mut self, name: &str, count: usize, deviation: f32) -> Vec<f32> {
        match self {
            Self::Random(initial) => initial.normal_values(count, deviation),
            Self::File(backbone) => backbone.array(name).to_vec(),
        }
    }

    /// The token table, `[rows, width]`.
    pub(crate) fn token_table(&mut self, rows: usize, width: usize) -> Vec<f32> {
        self.values("wte.weight", rows * width, DEVIATION)
    }

    /// An array of the file, or copies of one value.
    fn filled(&self, name: &str, count: usize, value: f32) -> Vec<f32> {
        match self {
            Self::Random(_) => vec![value; count],
            Self::File(backbone) => backbone.array(name).to_vec(),
        }
    }
}

/// Whether the parameter with this path within a [`Gpt2`] is not trained.
pub(crate) fn is_frozen(path: &str) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["blocks", _, "attention", part, ..] => *part == "module",
        ["blocks", _, part, ..] => matches!(*part, "expand" | "contract"),
        _ => false,
    }
}

impl Gpt2 {
    /// The first blocks of the source, one for each of `attention`, without the heads that it lacks. Trained
    /// weights start at those of the source, positions of a random backbone at a draw of `initial`.
    ///
    /// The dense backbone is built before heads are removed: frozen weights of a pruned model are those of the
    /// dense one.
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        source: Gpt2Source<'_>,
        sizes: &BackboneSizes,
        attention: &[AttentionStructure],
        dropout: f64,
    ) -> Self {
        let shape = [sizes.positions, sizes.width];
        let positions = match &source {
            Gpt2Source::Random(_) => initial.normal(shape, DEVIATION),
            Gpt2Source::File(backbone) => {
                initial.param(backbone.array("wpe.weight").to_vec(), shape)
            }
        };
        Self::with_positions(initial, source, positions, sizes, attention, dropout)
    }

    /// As [`Gpt2::init`] with all weights frozen. Those of a random backbone are drawn from the source alone.
    pub(crate) fn init_frozen(
        initial: &mut Initial<'_>,
        mut source: Gpt2Source<'_>,
        sizes: &BackboneSizes,
        attention: &[AttentionStructure],
        dropout: f64,
    ) -> Self {
        let count = sizes.positions * sizes.width;
        let positions = source.values("wpe.weight", count, DEVIATION);
        let positions = initial.param(positions, [sizes.positions, sizes.width]);
        Self::with_positions(initial, source, positions, sizes, attention, dropout).no_grad()
    }

    fn with_positions(
        initial: &mut Initial<'_>,
        mut source: Gpt2Source<'_>,
        positions: Param<Tensor<2>>,
        sizes: &BackboneSizes,
        attention: &[AttentionStructure],
        dropout: f64,
    ) -> Self {
        let width = sizes.width;
        let blocks = attention
            .iter()
            .enumerate()
            .map(|(number, structure)| {
                let mut weights = BlockWeights {
                    initial,
                    source: &mut source,
                    prefix: format!("h.{number}"),
                    width,
                    residual_deviation: DEVIATION / (2.0 * sizes.layers as f32).sqrt(),
                };
                weights.block(structure, sizes.heads, dropout)
            })
            .collect();
        let norm = layer_norm(initial, &source, "ln_f", width);
        Self {
            positions,
            blocks,
            norm,
            dropout,
        }
    }

    /// # Shapes
    /// - `tokens` and output: rows of `[B · L, width]`, L at most the number of positions
    pub(crate) fn forward(&self, tokens: Tokens, cx: &mut ForwardContext) -> Tensor<2> {
        let (count, width) = (tokens.tokens(), tokens.rows.dims()[1]);
        let positions = self.positions.val().narrow(0, 0, count);
        let batch = tokens.batch;
        let rows = tokens.rows.reshape([batch, count, width]) + positions.unsqueeze::<3>();
        let rows = dropout(
            rows.reshape([batch * count, width]),
            cx.dropout(self.dropout),
        );
        let mut x = Tokens { rows, batch };
        for block in &self.blocks {
            x = block.forward(&x, cx);
        }
        add_norm(x.rows, None, None, &self.norm)
    }

    /// The slots of all attention modules, from input to output.
    pub(crate) fn slots(&self) -> Vec<&AttentionSlot> {
        self.blocks.iter().map(|block| &block.attention).collect()
    }

    /// The slots, mutably.
    pub(crate) fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let blocks = self.blocks.iter_mut();
        blocks.map(|block| &mut block.attention).collect()
    }
}

impl Gpt2Block {
    fn forward(&self, x: &Tokens, cx: &mut ForwardContext) -> Tokens {
        let (mut rows, mut branch_output) = (x.rows.clone(), None);
        let chain = &mut ScoreChain::Off;
        if let Some((branch, output)) = self.attention.branch(x, None, chain, self.dropout, cx) {
            rows = rows + branch.value();
            branch_output = output;
        }
        let normed = add_norm(rows.clone(), None, None, &self.norm);
        let hidden = tanh_gelu(linear(&self.expand, normed));
        let rows = rows + linear_dropout(&self.contract, hidden, cx.dropout(self.dropout));
        self.attention.record_stream(x, branch_output, &rows, cx);
        x.with_rows(rows)
    }
}

/// The weights of one block, in a fixed order.
struct BlockWeights<'a, 'b, 'c> {
    initial: &'a Initial<'b>,
    source: &'a mut Gpt2Source<'c>,
    /// The block's name in files.
    prefix: String,
    width: usize,
    /// Deviation of random weights in front of the residual stream.
    residual_deviation: f32,
}

impl BlockWeights<'_, '_, '_> {
    fn block(&mut self, structure: &AttentionStructure, heads: usize, dropout: f64) -> Gpt2Block {
        let (width, residual) = (self.width, self.residual_deviation);
        let [query, key, value] = self.projections();
        let output = self.linear("attn.c_proj", width, width, residual);
        let head_width = width / heads.max(1);
        let projections = [query, key, value, output];
        let module = MultiHeadAttention::causal(projections, head_width, dropout);
        let norm = layer_norm(self.initial, self.source, &self.name("ln_1"), width);
        let attention = AttentionSlot::pre_norm(structure.module.clone(), heads, module, norm);
        Gpt2Block {
            attention: if structure.heads.len() == heads {
                attention
            } else {
                attention.retain_heads(&structure.heads)
            },
            norm: layer_norm(self.initial, self.source, &self.name("ln_2"), width),
            expand: self.linear("mlp.c_fc", width, 4 * width, DEVIATION),
            contract: self.linear("mlp.c_proj", 4 * width, width, residual),
            dropout,
        }
    }

    fn name(&self, part: &str) -> String {
        format!("{}.{part}", self.prefix)
    }

    /// W_q, W_k and W_v, which files have side by side.
    fn projections(&mut self) -> [Linear; 3] {
        let width = self.width;
        let name = self.name("attn.c_attn");
        let fused = self
            .source
            .values(&format!("{name}.weight"), 3 * width * width, DEVIATION);
        let bias = self.source.filled(&format!("{name}.bias"), 3 * width, 0.0);
        [0, 1, 2].map(|part| {
            let columns = part * width..(part + 1) * width;
            let rows = fused.chunks_exact(3 * width);
            let weight = rows.flat_map(|row| &row[columns.clone()]).copied();
            self.frozen(weight.collect(), bias[columns.clone()].to_vec())
        })
    }

    fn linear(&mut self, part: &str, inputs: usize, outputs: usize, deviation: f32) -> Linear {
        let name = self.name(part);
        let weight = format!("{name}.weight");
        let weight = self.source.values(&weight, inputs * outputs, deviation);
        let bias = self.source.filled(&format!("{name}.bias"), outputs, 0.0);
        self.frozen(weight, bias)
    }

    /// A layer that is not trained. GPT-2 stores weights as `[inputs, outputs]`, as this crate does.
    fn frozen(&self, weight: Vec<f32>, bias: Vec<f32>) -> Linear {
        let outputs = bias.len();
        let shape = [weight.len() / outputs.max(1), outputs];
        Linear {
            weight: self.initial.param(weight, shape).set_require_grad(false),
            bias: Some(self.initial.param(bias, [outputs]).set_require_grad(false)),
        }
    }
}

fn layer_norm(
    initial: &Initial<'_>,
    source: &Gpt2Source<'_>,
    name: &str,
    width: usize,
) -> LayerNorm {
    let gamma = source.filled(&format!("{name}.weight"), width, 1.0);
    let beta = source.filled(&format!("{name}.bias"), width, 0.0);
    let mut norm = initial.layer_norm(width);
    norm.gamma = initial.param(gamma, [width]);
    norm.beta = Some(initial.param(beta, [width]));
    norm
}
