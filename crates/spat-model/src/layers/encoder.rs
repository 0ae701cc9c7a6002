//! The post-norm encoder layer of iTransformer and both PatchTST layouts.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use spat_spec::AttentionStructure;

use crate::forward_context::{ForwardContext, Stream};
use crate::initial::Initial;
use crate::operations::{dropout, linear, linear_gelu};

use super::attention::{AttentionSlot, ScoreChain, Tokens};
use super::norm::{BatchNorm, Branch, Norm};

/// Sizes and variants of an encoder.
pub(crate) struct EncoderOptions {
    pub(crate) d_model: usize,
    pub(crate) d_ff: usize,
    /// Heads of a dense module.
    pub(crate) heads: usize,
    pub(crate) dropout: f64,
    /// Dropout on the attention map.
    pub(crate) attention_dropout: f64,
    /// Dropout on the output projection of attention, before the one on the branch.
    pub(crate) inner_dropout: f64,
    /// Kind of norm inside the layers.
    pub(crate) norm: NormKind,
    /// Whether each layer adds the attention scores of the previous layers to its own.
    pub(crate) score_residual: bool,
}

/// Kind of norm in the encoder layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NormKind {
    /// Layer norm over the width of each token.
    Layer,
    /// Batch norm over all tokens of the batch, per column.
    Batch,
}

/// `x ← norm1(x + drop(MHA(x)))`, `x ← norm2(x + drop(W₂ drop(gelu(W₁ x))))`.
///
/// A removed MHA leaves `x ← norm1(x)`: residual, norms and feed-forward part stay.
#[derive(Module, Debug)]
pub struct EncoderLayer {
    /// The slot of the attention module.
    pub attention: AttentionSlot,
    /// After attention.
    pub norm1: Norm,
    /// `W₁`, `[d_model, d_ff]`.
    pub expand: Linear,
    /// `W₂`, `[d_ff, d_model]`.
    pub contract: Linear,
    /// After the feed-forward part.
    pub norm2: Norm,
    dropout: f64,
    inner_dropout: f64,
}

impl EncoderLayer {
    fn forward(&self, x: &Tokens, chain: &mut ScoreChain, cx: &mut ForwardContext) -> Tokens {
        let mut branch_output = None;
        let attended = match self.attention.context(x, chain, cx) {
            Some((context, output)) => {
                let inner_dropout = cx.dropout(self.inner_dropout);
                let branch = if cx.needs_branches() {
                    let value = cx.gate_module(self.attention.id(), linear(output, context));
                    branch_output = Some(value.clone()).filter(|_| cx.wants_streams());
                    Branch::Value(dropout(value, inner_dropout))
                } else {
                    Branch::Linear {
                        layer: output,
                        input: context,
                        inner_dropout,
                    }
                };
                self.norm1
                    .after_branch(x.rows.clone(), branch, self.dropout, cx)
            }
            None => self.norm1.forward(x.rows.clone(), cx),
        };
        let hidden = linear_gelu(&self.expand, attended.clone(), cx.dropout(self.dropout));
        let branch = Branch::Linear {
            layer: &self.contract,
            input: hidden,
            inner_dropout: None,
        };
        let rows = self.norm2.after_branch(attended, branch, self.dropout, cx);
        if let Some(branch_output) = branch_output {
            let stream = Stream {
                input: x.rows.clone().detach(),
                branch: branch_output.detach(),
                output: rows.clone().detach(),
            };
            cx.record_stream(self.attention.id(), stream);
        }
        x.with_rows(rows)
    }
}

/// Encoder layers and a final norm.
#[derive(Module, Debug)]
pub struct Encoder {
    /// From input to output.
    pub layers: Vec<EncoderLayer>,
    /// After the last layer, if the layout has one.
    pub norm: Option<Norm>,
    score_residual: bool,
}

/// Sizes of an encoder in a model other than a forecaster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderSize {
    /// Width of a token.
    pub d_model: usize,
    /// Hidden width of the feed-forward parts.
    pub d_ff: usize,
    /// Heads of a dense module; divides `d_model`.
    pub heads: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl Encoder {
    /// The slots of all attention modules, from input to output.
    pub fn slots(&self) -> Vec<&AttentionSlot> {
        self.layers.iter().map(|layer| &layer.attention).collect()
    }

    /// The slots, mutably.
    pub fn slots_mut(&mut self) -> Vec<&mut AttentionSlot> {
        let layers = self.layers.iter_mut();
        layers.map(|layer| &mut layer.attention).collect()
    }

    /// Post-norm layers as in iTransformer, one for each of `attention` (without removed modules and
    /// heads), and a final layer norm.
    pub fn new(
        size: &EncoderSize,
        attention: &[AttentionStructure],
        seed: u64,
        device: &Device,
    ) -> Self {
        let initial = &mut Initial::new(seed, device);
        let options = EncoderOptions {
            d_model: size.d_model,
            d_ff: size.d_ff,
            heads: size.heads,
            dropout: size.dropout,
            attention_dropout: size.dropout,
            inner_dropout: 0.0,
            norm: NormKind::Layer,
            score_residual: false,
        };
        let norm = Norm::Layer(initial.layer_norm(size.d_model));
        Self::init(initial, attention, &options, Some(norm))
    }

    /// # Shapes
    /// - `tokens` and output: `[B, L, d_model]`
    pub fn encode(&self, tokens: Tensor<3>, cx: &mut ForwardContext) -> Tensor<3> {
        let [batch, length, width] = tokens.dims();
        let rows = tokens.reshape([batch * length, width]);
        self.forward(Tokens { rows, batch }, cx)
            .reshape([batch, length, width])
    }

    pub(crate) fn init(
        initial: &mut Initial<'_>,
        attention: &[AttentionStructure],
        options: &EncoderOptions,
        final_norm: Option<Norm>,
    ) -> Self {
        let head_width = options.d_model / options.heads.max(1);
        let layers = attention
            .iter()
            .map(|slot| EncoderLayer {
                attention: AttentionSlot::init(
                    initial,
                    slot,
                    options.d_model,
                    head_width,
                    options.attention_dropout,
                ),
                norm1: options.norm(initial),
                expand: initial.linear(options.d_model, options.d_ff),
                contract: initial.linear(options.d_ff, options.d_model),
                norm2: options.norm(initial),
                dropout: options.dropout,
                inner_dropout: options.inner_dropout,
            })
            .collect();
        Self {
            layers,
            norm: final_norm,
            score_residual: options.score_residual,
        }
    }

    pub(crate) fn forward(&self, mut x: Tokens, cx: &mut ForwardContext) -> Tensor<2> {
        let mut chain = if self.score_residual {
            ScoreChain::Empty
        } else {
            ScoreChain::Off
        };
        for layer in &self.layers {
            x = layer.forward(&x, &mut chain, cx);
        }
        match &self.norm {
            Some(norm) => norm.forward(x.rows, cx),
            None => x.rows,
        }
    }
}

impl EncoderOptions {
    fn norm(&self, initial: &Initial<'_>) -> Norm {
        match self.norm {
            NormKind::Layer => Norm::Layer(initial.layer_norm(self.d_model)),
            NormKind::Batch => Norm::Batch(BatchNorm::init(initial, self.d_model)),
        }
    }
}
